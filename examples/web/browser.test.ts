/** The page as a user sees it, in a real Chromium without a window. */
import { TinkSandbox } from "@effect-tink/sandbox"
import { assert, layer, vi } from "@effect/vitest"
import { Context, Effect, Layer, Runtime } from "effect"
import { existsSync } from "node:fs"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import * as Harness from "./harness.js"
import { Settings } from "./settings.js"

// ---------------------------------------------------------------------------------------------------------------------
// The browser
// ---------------------------------------------------------------------------------------------------------------------

class Chromium extends Context.Tag("web/Chromium")<Chromium, Browser>() {}

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium"

const launch = Effect.promise(() => {
  if (!existsSync(executablePath)) throw new Error("no browser: install Debian's chromium or set CHROMIUM")
  return chromium.launch({
    executablePath,
    // Without background requests, and allowed to run as root in a container.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ]
  })
})

const layerChromium = Layer.scoped(
  Chromium,
  Effect.acquireRelease(launch, (browser) => Effect.promise(() => browser.close()))
)

/** The longest wait, in milliseconds. */
const patience = 10_000

/**
 * Opens the page as a new user, and runs steps on it. An error or a warning of the browser, such as a violation of the content
 * security policy, fails the test unless it is `expected`.
 */
const visit = (
  steps: (page: Page, origin: string) => Promise<void>,
  { expected, ...options }: BrowserContextOptions & { readonly expected?: RegExp } = {}
) =>
  Effect.gen(function* () {
    const browser = yield* Chromium
    const { origin } = yield* Settings
    const context = yield* Effect.acquireRelease(
      Effect.promise(() => browser.newContext({ locale: "en-GB", timezoneId: "Europe/Stockholm", ...options })),
      (context) => Effect.promise(() => context.close())
    )
    const complaints: Array<string> = []
    context.setDefaultTimeout(patience)
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text())
    })
    context.on("weberror", (error) => complaints.push(String(error.error())))
    const page = yield* Effect.promise(() => context.newPage())
    yield* Effect.promise(async () => {
      await page.goto(origin)
      await steps(page, origin)
    })
    assert.deepStrictEqual(
      complaints.filter((complaint) => expected?.test(complaint) !== true),
      []
    )
  })

// ---------------------------------------------------------------------------------------------------------------------
// The user
// ---------------------------------------------------------------------------------------------------------------------

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name })

/** Waits for the status of the one bank that is there. */
const see = (page: Page, words: string) => page.locator(".state").getByText(words, { exact: true }).waitFor()

const read = (page: Page, words: string | RegExp) => page.locator("#notice, #problem").getByText(words).waitFor()

const isLive = (page: Page) => page.getByText("Live", { exact: true }).waitFor()

const goToTinkLink = async (page: Page, choice: string, bank?: string) => {
  await button(page, "Connect a bank").click()
  if (bank !== undefined) await page.getByRole("radio", { name: bank }).click()
  await button(page, choice).click()
  await isLive(page)
}

const connectBank = async (page: Page) => {
  await goToTinkLink(page, "Approve")
  await read(page, "Your bank is connected.")
  await see(page, "Up to date")
}

const hasOverflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement } = document
    return activeElement instanceof HTMLElement ? activeElement.innerText.replace(/\s+/g, " ").trim() : ""
  })

vi.setConfig({ testTimeout: 30_000 })

layer(Layer.merge(Harness.layer({ timing: { maxRetries: 0 } }), layerChromium), {
  excludeTestServices: true,
  timeout: 30_000
})("the page", (it) => {
  it.scoped("connects a bank and shows that it is up to date", () =>
    visit(async (page) => {
      await page.getByRole("heading", { name: "No bank is connected yet" }).waitFor()
      await connectBank(page)
      await page.getByRole("heading", { name: "Demo Bank (website)", exact: true }).waitFor()
      // The bank's logo, at the sandbox.
      await page.locator(".logo img").waitFor()
      assert.match(await page.locator("[data-fact=updatedAt] time").innerText(), /^\d+ \w+ \d{4}, \d\d:\d\d$/)
      // The outcome of a visit is shown once.
      assert.notInclude(page.url(), "#")
      await page.reload()
      await see(page, "Up to date")
      assert.strictEqual(await page.locator("#notice").innerText(), "")
    })
  )

  it.scoped("says when the user has cancelled, or the bank has a problem", () =>
    visit(async (page) => {
      await goToTinkLink(page, "Cancel")
      await read(page, "You have cancelled. Nothing has changed.")
      await page.getByRole("heading", { name: "No bank is connected yet" }).waitFor()

      await goToTinkLink(page, "The bank reports an error")
      await read(page, "The bank has a problem at the moment.")
      await read(page, /^For support: [0-9a-f-]{36}$/)
      await see(page, "The bank has a problem")
      await button(page, "Dismiss").click()
      assert.strictEqual(await page.locator("#notice").innerText(), "")
    })
  )

  it.scoped("shows the progress of a refresh live, in every window", () =>
    visit(async (page, origin) => {
      await connectBank(page)
      const other = await page.context().newPage()
      await other.goto(origin)
      await see(other, "Up to date")
      await page.bringToFront()
      await button(page, "Refresh").click()
      await see(page, "Getting new data")
      assert.strictEqual(await button(page, "Refresh").getAttribute("aria-disabled"), "true")
      await see(page, "Up to date")
      await page.locator("[data-action=refresh][aria-disabled=false]").waitFor()
      await see(other, "Up to date")
    })
  )

  it.scoped("renews an ended consent", () =>
    visit(async (page) => {
      await connectBank(page)
      await button(page, "End it now").click()
      await see(page, "Consent has ended")
      await page.getByText("Consent ended", { exact: true }).waitFor()
      await button(page, "Renew consent").click()
      await page.getByRole("heading", { name: "Renew your consent" }).waitFor()
      await button(page, "Approve").click()
      await read(page, "Your consent is renewed.")
      await see(page, "Up to date")
    })
  )

  it.scoped("tells apart two connections to one bank", () =>
    visit(async (page) => {
      for (const bank of ["Demo Bank (password)", "Demo Bank (password)", "Demo Bank (website)"]) {
        await goToTinkLink(page, "Approve", bank)
      }
      await page.getByRole("heading", { name: "Demo Bank (website)", exact: true }).waitFor()
      const twins = page.getByRole("heading", { name: /^Demo Bank \(password\) · \w{4}$/ })
      await twins.nth(1).waitFor()
      const [first = "", second = ""] = await twins.allInnerTexts()
      assert.notStrictEqual(first, second)
      await page.getByRole("button", { name: `Disconnect ${first}` }).click()
      await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click()
      await read(page, `${first} is disconnected.`)
      await page.getByRole("heading", { name: "Demo Bank (password)", exact: true }).waitFor()
    })
  )

  it.scoped("disconnects a bank only after a confirmation", () =>
    visit(async (page) => {
      await connectBank(page)
      await button(page, "Disconnect").click()
      await button(page, "Keep it").click()
      await see(page, "Up to date")
      await button(page, "Disconnect").click()
      await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click()
      await read(page, "Demo Bank (website) is disconnected.")
      await page.getByRole("heading", { name: "No bank is connected yet" }).waitFor()
    })
  )

  it.scoped("works with a keyboard alone", () =>
    visit(async (page) => {
      const press = (key: string) => page.keyboard.press(key)
      const goTo = async (name: RegExp, key = "Tab") => {
        for (let presses = 0; presses < 20; presses++) {
          await press(key)
          if (name.test(await focused(page))) return
        }
        assert.fail(`${String(name)} cannot be reached`)
      }
      await page.getByRole("heading", { name: "No bank is connected yet" }).waitFor()
      await goTo(/^Connect a bank/)
      assert.notStrictEqual(await page.locator(":focus").evaluate((it) => getComputedStyle(it).outlineStyle), "none")
      await press("Enter")
      await page.getByRole("heading", { name: "Connect your bank" }).waitFor()
      await goTo(/^Approve/)
      await press("Enter")
      await see(page, "Up to date")

      await goTo(/^Refresh/)
      await press("Space")
      await see(page, "Getting new data")
      // The busy button keeps the focus.
      assert.match(await focused(page), /^Refresh/)
      await see(page, "Up to date")

      await goTo(/^End it now/)
      await press("Enter")
      await see(page, "Consent has ended")
      await goTo(/^Renew consent/, "Shift+Tab")
      await press("Enter")
      await page.getByRole("heading", { name: "Renew your consent" }).waitFor()
      await goTo(/^Approve/)
      await press("Enter")
      await read(page, "Your consent is renewed.")
      await see(page, "Up to date")

      await goTo(/^Disconnect/)
      await press("Enter")
      assert.strictEqual(await focused(page), "Keep it")
      await press("Escape")
      assert.match(await focused(page), /^Disconnect/)
      await press("Enter")
      await goTo(/^Disconnect$/)
      await press("Enter")
      await page.getByRole("heading", { name: "No bank is connected yet" }).waitFor()
      assert.strictEqual(await focused(page), "Connect a bank")
    })
  )

  it.scoped("fits on small phones", () =>
    visit(
      async (page) => {
        assert.isFalse(await hasOverflow(page))
        await connectBank(page)
        assert.isFalse(await hasOverflow(page))
        await button(page, "End it now").click()
        await see(page, "Consent has ended")
        for (const width of [320, 360, 375]) {
          await page.setViewportSize({ width, height: 640 })
          assert.isFalse(await hasOverflow(page), `${width} px`)
        }
        await button(page, "Disconnect").click()
        assert.isFalse(await hasOverflow(page))
      },
      { viewport: { width: 360, height: 640 } }
    )
  )

  it.scoped("explains a failure, and lets the user try again", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const run = Runtime.runPromise(yield* Effect.runtime())
      const refuse = sandbox.injectFault({
        kind: "status",
        status: 429,
        retryAfter: "2",
        path: "/api/v1/credentials/{id}/refresh"
      })
      yield* visit(
        async (page) => {
          await connectBank(page)
          await run(refuse)
          await button(page, "Refresh").click()
          await read(page, "The bank was asked a moment ago.")
          await read(page, "Try again in 2 seconds.")
          await button(page, "Refresh").click()
          await see(page, "Getting new data")
          assert.strictEqual(await page.getByRole("alert").innerText(), "")
        },
        { expected: /429/ }
      )
    })
  )

  it.scoped("reconnects when the connection is lost", () =>
    visit(
      async (page) => {
        await connectBank(page)
        await page.route("**/api/events", (route) => route.abort())
        await page.reload()
        await page.getByText("Reconnecting…", { exact: true }).waitFor()
        await page.unroute("**/api/events")
        await isLive(page)
      },
      { expected: /ERR_FAILED/ }
    )
  )
})
