using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "smokeTest", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-01-01",
      bindings = [(name = "TINK_BASE_URL", fromEnvironment = "TINK_BASE_URL")]
    )),
    # The sandbox is on this machine.
    (name = "internet", network = (allow = ["private"]))
  ]
);
