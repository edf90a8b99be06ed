/**
 * The page: shows the connections, and sends the user's requests to the server.
 *
 * Data from the server is inserted as text, never as HTML.
 */

const find = (selector, parent = document) => parent.querySelector(selector)

// ---------------------------------------------------------------------------------------------------------------------
// Texts
// ---------------------------------------------------------------------------------------------------------------------

const states = {
  "up-to-date": { kind: "good", icon: "check", text: "Up to date" },
  updating: { kind: "busy", icon: "busy", text: "Getting new data" },
  asked: { kind: "busy", icon: "busy", text: "Asking the bank" },
  "waiting-for-you": { kind: "warn", icon: "person", text: "Waiting for you" },
  "consent-expired": { kind: "warn", icon: "clock", text: "Consent has ended" },
  "login-failed": { kind: "bad", icon: "alert", text: "Login failed" },
  "bank-problem": { kind: "bad", icon: "alert", text: "The bank has a problem" },
  discontinued: { kind: "bad", icon: "cross", text: "No longer available" },
  unknown: { kind: "neutral", icon: "clock", text: "Status unknown" }
}

/** The button of a state. The other states have a refresh button. */
const renewals = {
  "waiting-for-you": "Continue at the bank",
  "consent-expired": "Renew consent",
  "login-failed": "Log in again"
}

/** How a visit to Tink Link can end. The text is here and not in the link, which anyone can make. */
const outcomes = {
  connected: { kind: "good", text: "Your bank is connected." },
  renewed: { kind: "good", text: "Your consent is renewed." },
  cancelled: { kind: "info", text: "You have cancelled. Nothing has changed." },
  "login-failed": { kind: "bad", text: "The bank did not let you in. Please try again." },
  "bank-problem": { kind: "bad", text: "The bank has a problem at the moment. Please try again later." },
  failed: { kind: "bad", text: "That did not work. Please try again." },
  unconfirmed: { kind: "warn", text: "We could not check yet whether it worked." },
  refused: {
    kind: "bad",
    text: "That link was not made for this browser, or was used before. Please start again here."
  }
}

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "long" })

// ---------------------------------------------------------------------------------------------------------------------
// Notices
// ---------------------------------------------------------------------------------------------------------------------

const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use")
  svg.setAttribute("class", "icon")
  svg.setAttribute("aria-hidden", "true")
  use.setAttribute("href", `#icon-${name}`)
  svg.append(use)
  return svg
}

const element = (name, properties, ...children) => {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

const kindIcons = { good: "check", info: "check", warn: "alert", bad: "alert" }

const notice = (kind, text, details = []) => {
  const smalls = details.map((detail) => element("small", { textContent: detail }))
  const dismiss = element("button", { type: "button", className: "dismiss", ariaLabel: "Dismiss" }, icon("cross"))
  const made = element(
    "div",
    { className: "notice" },
    icon(kindIcons[kind]),
    element("p", { className: "text" }, element("span", { textContent: text }), ...smalls),
    dismiss
  )
  made.dataset.kind = kind
  dismiss.addEventListener("click", () => {
    made.remove()
    find("#connect").focus()
  })
  return made
}

const clearNotices = () => {
  find("#notice").replaceChildren()
  find("#problem").replaceChildren()
}

const announce = (text) => {
  find("#announcement").textContent = text
}

/** Shows a failure. `source` names what failed, so that its recovery removes the notice. */
const showProblem = (failure, source = "action") => {
  const details = []
  if (failure.mayHaveBeenDone) details.push("The change may have been made: the list below is current.")
  if (failure.retryAfterSeconds !== undefined) details.push(`Try again in ${failure.retryAfterSeconds} seconds.`)
  if (failure.reference !== undefined) details.push(`For support: ${failure.reference}`)
  const made = notice("bad", failure.message, details)
  made.dataset.source = source
  find("#problem").replaceChildren(made)
}

const removeProblem = (source) => {
  const shown = find("#problem").firstElementChild
  if (shown?.dataset.source === source) shown.remove()
}

// ---------------------------------------------------------------------------------------------------------------------
// The server
// ---------------------------------------------------------------------------------------------------------------------

const unreachable = { message: "We cannot be reached. Please check that you are online, and try again." }
const unexpected = { message: "Something went wrong on our side. Please try again." }

/** Returns the answer of the server, or throws its failure. */
const call = async (method, path) => {
  const response = await fetch(path, { method, headers: { accept: "application/json" } }).catch(() => {
    throw unreachable
  })
  const text = await response.text()
  if (response.ok) return text === "" ? undefined : JSON.parse(text)
  let failure
  try {
    failure = JSON.parse(text)
  } catch {}
  throw typeof failure?.message === "string" ? failure : unexpected
}

const setBusy = (button, isBusy) => {
  button.setAttribute("aria-disabled", String(isBusy))
  button.setAttribute("aria-busy", String(isBusy))
}

/** Runs the action of a button, one at a time. A busy button is not disabled: that would lose the focus. */
const whileBusy = async (button, action) => {
  if (button.getAttribute("aria-disabled") === "true") return
  clearNotices()
  setBusy(button, true)
  try {
    await action()
  } catch (failure) {
    showProblem(typeof failure?.message === "string" ? failure : unexpected)
    setBusy(button, false)
  }
}

/** Leaves the page for Tink Link. The button stays busy until then. */
const visitTinkLink = (button, path) =>
  whileBusy(button, async () => {
    const { url } = await call("POST", path)
    announce("Taking you to Tink")
    location.assign(url)
  })

// ---------------------------------------------------------------------------------------------------------------------
// The list
// ---------------------------------------------------------------------------------------------------------------------

/** Per connection: its element, its last state, and whether a refresh was requested that has not shown yet. */
const cards = new Map()

/** The name of the bank, with the end of the id if another connection is to the same bank. */
const toName = ({ bank, id }) => {
  const isTwice = [...cards.values()].some(({ connection }) => connection.bank === bank && connection.id !== id)
  return isTwice ? `${bank} · ${id.slice(-4)}` : bank
}

const toPath = ({ id }) => `/api/connections/${encodeURIComponent(id)}`

const toState = ({ connection, isAsked }) => (isAsked && connection.state !== "updating" ? "asked" : connection.state)

const setText = (target, text) => {
  if (target.textContent !== text) target.textContent = text
}

const showTime = (time, value, format) => {
  if (value === undefined) return
  time.dateTime = value
  setText(time, format.format(new Date(value)))
}

const showFacts = ({ connection, element }) => {
  const { consentEndsAt, updatedAt } = connection
  const update = find("[data-fact=updatedAt]", element)
  find("time", update).hidden = updatedAt === undefined
  find("span", update).hidden = updatedAt !== undefined
  showTime(find("time", update), updatedAt, dateAndTime)

  // Not all banks have one.
  const consent = find("[data-fact=consentEndsAt]", element)
  consent.hidden = consentEndsAt === undefined
  setText(find("dt", consent), new Date(consentEndsAt) <= new Date() ? "Consent ended" : "Consent until")
  showTime(find("time", consent), consentEndsAt, date)
}

/** A logo comes from the bank or from Tink: it may be missing, or fail to load. */
const showLogo = ({ connection, element }) => {
  const logo = find(".logo", element)
  if (logo.dataset.url === connection.logo) return
  const image = Object.assign(document.createElement("img"), { alt: "", referrerPolicy: "no-referrer" })
  image.addEventListener("load", () => logo.replaceChildren(image))
  image.src = connection.logo
  logo.dataset.url = connection.logo
}

const showCard = (card) => {
  const { connection, element } = card
  const state = toState(card)
  const { icon, kind, text } = states[state] ?? states.unknown
  const name = toName(connection)
  setText(find("h2", element), name)
  showLogo(card)
  for (const unseen of element.querySelectorAll(".actions .unseen")) setText(unseen, ` ${name}`)
  find(".state", element).dataset.kind = kind
  find(".state use", element).setAttribute("href", `#icon-${icon}`)
  setText(find(".state span", element), text)
  find(".message", element).hidden = connection.message === undefined
  setText(find(".message", element), connection.message ?? "")
  showFacts(card)

  const [refresh, renew] = ["refresh", "renew"].map((action) => find(`[data-action=${action}]`, element))
  const hadFocus = [refresh, renew].includes(document.activeElement)
  const renewal = renewals[state]
  renew.hidden = renewal === undefined
  refresh.hidden = renewal !== undefined || state === "discontinued"
  setText(find("b", renew), renewal ?? "Renew consent")
  if (refresh.getAttribute("aria-busy") !== "true") {
    refresh.setAttribute("aria-disabled", String(state === "updating" || state === "asked"))
  }
  // If one button replaces the other, the focus moves with it.
  if (hadFocus && document.activeElement?.hidden) [refresh, renew].find(({ hidden }) => !hidden)?.focus()

  if (card.announced !== undefined && card.announced !== state) announce(`${name}: ${text}`)
  card.announced = state
}

const settle = (card) => {
  card.isAsked = false
  setBusy(find("[data-action=refresh]", card.element), false)
  showCard(card)
}

const refresh = (card, button) =>
  whileBusy(button, async () => {
    card.isAsked = true
    showCard(card)
    try {
      await call("POST", `${toPath(card.connection)}/refresh`)
    } catch (failure) {
      settle(card)
      throw failure
    }
  })

const dialog = find("#confirm")

let answer

const confirmDisconnect = (name) => {
  answer?.(false)
  setText(find("h2", dialog), `Disconnect ${name}?`)
  dialog.returnValue = "keep"
  dialog.showModal()
  return new Promise((resolve) => (answer = resolve))
}

// The event comes a moment later, when the dialog may be open again with another question.
dialog.addEventListener("close", () => {
  if (!dialog.open) answer?.(dialog.returnValue === "disconnect")
})

for (const button of dialog.querySelectorAll("button")) {
  button.addEventListener("click", () => dialog.close(button.value))
}

const disconnect = async (card, button) => {
  if (button.getAttribute("aria-disabled") === "true") return
  if (!(await confirmDisconnect(toName(card.connection)))) return
  await whileBusy(button, async () => {
    const name = toName(card.connection)
    await call("DELETE", toPath(card.connection))
    removeCard(card.connection.id)
    for (const other of cards.values()) showCard(other)
    showWhetherEmpty()
    find("#notice").replaceChildren(notice("info", `${name} is disconnected.`))
    find("#connect").focus()
  })
}

const actions = {
  refresh,
  renew: (card, button) => visitTinkLink(button, `${toPath(card.connection)}/renew`),
  disconnect
}

const addCard = (connection) => {
  const element = find("#connection").content.cloneNode(true).firstElementChild
  const card = { element, connection, isAsked: false, announced: undefined }
  cards.set(connection.id, card)
  for (const button of element.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => actions[button.dataset.action](card, button))
  }
  find("#connections").append(element)
  return card
}

const removeCard = (id) => {
  cards.get(id)?.element.remove()
  cards.delete(id)
}

const showWhetherEmpty = () => {
  find("#loading").hidden = true
  find("#empty").hidden = cards.size > 0
  find("#connections").hidden = cards.size === 0
  for (const control of find("#expire").elements) control.disabled = cards.size === 0
}

const showConnection = (connection) => {
  const card = cards.get(connection.id) ?? addCard(connection)
  card.connection = connection
  showCard(card)
}

const showSandbox = ({ connections, isSandbox }) => {
  find("#sandbox").hidden = !isSandbox
  const select = find("#expire-id")
  const chosen = select.value
  const options = connections.map((connection) =>
    element("option", { value: connection.id, textContent: toName(connection) })
  )
  select.replaceChildren(...(options.length > 0 ? options : [element("option", { textContent: "no bank yet" })]))
  if (connections.some(({ id }) => id === chosen)) select.value = chosen
}

const showOverview = (overview) => {
  const { connections } = overview
  const ids = new Set(connections.map(({ id }) => id))
  for (const id of cards.keys()) if (!ids.has(id)) removeCard(id)
  for (const connection of connections) showConnection(connection)
  // Their names depend on each other.
  for (const card of cards.values()) showCard(card)
  showSandbox(overview)
  showWhetherEmpty()
}

// ---------------------------------------------------------------------------------------------------------------------
// Events
// ---------------------------------------------------------------------------------------------------------------------

const showLive = (state, text) => {
  find("#live").dataset.live = state
  setText(find("#live span"), text)
}

let source
let retryTimer

/** Why the stream of events was refused, if it still is: `EventSource` does not tell. */
const askWhyRefused = async () => {
  const abort = new AbortController()
  const response = await fetch("/api/events", { signal: abort.signal }).catch(() => undefined)
  if (response === undefined) return unreachable
  if (response.ok) return abort.abort()
  return response.json().catch(() => unexpected)
}

const stopListening = () => {
  clearTimeout(retryTimer)
  source?.close()
  source = undefined
}

/** The browser reconnects when a connection is lost, but not when it was refused. */
const onLost = async () => {
  showLive("connecting", "Reconnecting…")
  if (source?.readyState !== EventSource.CLOSED) return
  stopListening()
  const failure = await askWhyRefused()
  if (failure !== undefined) showProblem(failure, "events")
  retryTimer = setTimeout(start, 1000 * (failure?.retryAfterSeconds ?? 5))
}

const on = (type, listener) => source.addEventListener(type, ({ data }) => listener(JSON.parse(data)))

const listen = () => {
  stopListening()
  source = new EventSource("/api/events")
  // After a reconnection, the `settled` events of the meantime are missing.
  source.addEventListener("open", () => {
    for (const card of cards.values()) settle(card)
  })
  on("overview", (overview) => {
    removeProblem("events")
    showLive("live", "Live")
    showOverview(overview)
  })
  on("connection", showConnection)
  on("settled", ({ id }) => cards.has(id) && settle(cards.get(id)))
  on("problem", (failure) => showProblem(failure, "events"))
  source.addEventListener("error", onLost)
}

/** Only a browser that the server knows has events. It becomes known when it connects a bank. */
const start = async () => {
  stopListening()
  try {
    const overview = await call("GET", "/api/connections")
    find("#live").hidden = !overview.isKnown
    showOverview(overview)
    if (overview.isKnown && !document.hidden) listen()
  } catch (failure) {
    showProblem(failure, "events")
    retryTimer = setTimeout(start, 5000)
  }
}

// A hidden page needs no connection, and browsers allow only a few.
document.addEventListener("visibilitychange", () => (document.hidden ? stopListening() : start()))
addEventListener("pagehide", stopListening)
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return
  setBusy(find("#connect"), false)
  for (const busy of document.querySelectorAll("[aria-busy=true]")) setBusy(busy, false)
  start()
})

// ---------------------------------------------------------------------------------------------------------------------
// Start
// ---------------------------------------------------------------------------------------------------------------------

const showOutcome = () => {
  const parameters = new URLSearchParams(location.hash.slice(1))
  const outcome = outcomes[parameters.get("outcome")]
  if (outcome === undefined) return
  history.replaceState(null, "", location.pathname)
  const reference = parameters.get("reference")
  const details = reference !== null && /^[\w-]{1,64}$/.test(reference) ? [`For support: ${reference}`] : []
  find("#notice").replaceChildren(notice(outcome.kind, outcome.text, details))
}

const connect = find("#connect")
connect.addEventListener("click", () => visitTinkLink(connect, "/api/connections"))

find("#expire").addEventListener("submit", (event) => {
  event.preventDefault()
  const button = find("#expire button")
  whileBusy(button, async () => {
    await call("POST", `/api/sandbox/connections/${encodeURIComponent(find("#expire-id").value)}/expire`)
    setBusy(button, false)
  })
})

setBusy(connect, false)
showOutcome()
if (!document.hidden) start()
