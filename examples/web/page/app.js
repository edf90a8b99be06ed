/**
 * The page: shows what the server tells, and asks it for what the person wants.
 *
 * All that comes from elsewhere is put in as text, never as HTML.
 */

const find = (selector, parent = document) => parent.querySelector(selector)

// ---------------------------------------------------------------------------------------------------------------------
// Words
// ---------------------------------------------------------------------------------------------------------------------

const states = {
  "up-to-date": { kind: "good", icon: "check", words: "Up to date" },
  updating: { kind: "busy", icon: "busy", words: "Getting new data" },
  asked: { kind: "busy", icon: "busy", words: "Asking the bank" },
  "waiting-for-you": { kind: "warn", icon: "person", words: "Waiting for you" },
  "consent-expired": { kind: "warn", icon: "clock", words: "Consent has ended" },
  "login-failed": { kind: "bad", icon: "alert", words: "Login failed" },
  "bank-problem": { kind: "bad", icon: "alert", words: "The bank has a problem" },
  discontinued: { kind: "bad", icon: "cross", words: "No longer available" },
  unknown: { kind: "neutral", icon: "clock", words: "Status unknown" }
}

/** What a connection in some state is in need of; a refresh, where nothing is said. */
const renewals = {
  "waiting-for-you": "Continue at the bank",
  "consent-expired": "Renew consent",
  "login-failed": "Log in again"
}

/** How a visit to Tink Link can end. The server says no more than the word, so a link can say no more either. */
const outcomes = {
  connected: { kind: "good", words: "Your bank is connected." },
  renewed: { kind: "good", words: "Your consent is renewed." },
  cancelled: { kind: "info", words: "You have cancelled. Nothing has changed." },
  "login-failed": { kind: "bad", words: "The bank did not let you in. Please try again." },
  "bank-problem": { kind: "bad", words: "The bank has a problem at the moment. Please try again later." },
  failed: { kind: "bad", words: "That did not work. Please try again." },
  unconfirmed: { kind: "warn", words: "You are back, but we could not look yet whether it worked." },
  refused: {
    kind: "bad",
    words: "That link was not made for this browser, or was used before. Please start again here."
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

const notice = (kind, words, details = []) => {
  const smalls = details.map((detail) => element("small", { textContent: detail }))
  const dismiss = element("button", { type: "button", className: "dismiss", ariaLabel: "Dismiss" }, icon("cross"))
  const made = element(
    "div",
    { className: "notice" },
    icon(kindIcons[kind]),
    element("p", { className: "words" }, element("span", { textContent: words }), ...smalls),
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

const announce = (words) => {
  find("#announcement").textContent = words
}

/** A failure in the words of the server. `of` tells whose it is, so that its end takes it away. */
const showProblem = (failure, of = "action") => {
  const details = []
  if (failure.mayHaveBeenDone)
    details.push("It may have been done all the same: the list below shows what is true now.")
  if (failure.retryAfterSeconds !== undefined) details.push(`Try again in ${failure.retryAfterSeconds} seconds.`)
  if (failure.reference !== undefined) details.push(`For support: ${failure.reference}`)
  const made = notice("bad", failure.message, details)
  made.dataset.of = of
  find("#problem").replaceChildren(made)
}

const takeBackProblem = (of) => {
  const shown = find("#problem").firstElementChild
  if (shown?.dataset.of === of) shown.remove()
}

// ---------------------------------------------------------------------------------------------------------------------
// The server
// ---------------------------------------------------------------------------------------------------------------------

const unreachable = { message: "We cannot be reached. Please see whether you are online, and try again." }
const unexpected = { message: "Something went wrong on our side. Please try again." }

/** Gives what the server answered, or throws what it explained. */
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

/** Runs what a button is for, once at a time. The button keeps the focus, which one that is disabled would lose. */
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

/** Leaves the page for Tink Link; the button stays busy until it is gone. */
const visitTinkLink = (button, path) =>
  whileBusy(button, async () => {
    const { url } = await call("POST", path)
    announce("Taking you to Tink")
    location.assign(url)
  })

// ---------------------------------------------------------------------------------------------------------------------
// The list
// ---------------------------------------------------------------------------------------------------------------------

/** Of each connection its element, what the server last said of it, and whether the bank was asked and nothing came yet. */
const cards = new Map()

const pathOf = ({ id }) => `/api/connections/${encodeURIComponent(id)}`

const stateOf = ({ connection, isAsked }) => (isAsked && connection.state !== "updating" ? "asked" : connection.state)

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

  // Not all banks tell, and some never end.
  const consent = find("[data-fact=consentEndsAt]", element)
  consent.hidden = consentEndsAt === undefined
  setText(find("dt", consent), new Date(consentEndsAt) <= new Date() ? "Consent ended" : "Consent until")
  showTime(find("time", consent), consentEndsAt, date)
}

const showCard = (card) => {
  const { connection, element } = card
  const state = stateOf(card)
  const { icon, kind, words } = states[state] ?? states.unknown
  setText(find("h2", element), connection.bank)
  for (const unseen of element.querySelectorAll(".actions .unseen")) setText(unseen, ` ${connection.bank}`)
  find(".state", element).dataset.kind = kind
  find(".state use", element).setAttribute("href", `#icon-${icon}`)
  setText(find(".state span", element), words)
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
  // Where one button takes the place of the other, the focus goes with it.
  if (hadFocus && document.activeElement?.hidden) [refresh, renew].find(({ hidden }) => !hidden)?.focus()

  if (card.said !== undefined && card.said !== state) announce(`${connection.bank}: ${words}`)
  card.said = state
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
      await call("POST", `${pathOf(card.connection)}/refresh`)
    } catch (failure) {
      settle(card)
      throw failure
    }
  })

const dialog = find("#confirm")

let answer

const confirmDisconnect = (bank) => {
  answer?.(false)
  setText(find("h2", dialog), `Disconnect ${bank}?`)
  dialog.returnValue = "keep"
  dialog.showModal()
  return new Promise((resolve) => (answer = resolve))
}

// It is told a moment after it was closed. By then it may be open again, to ask something else.
dialog.addEventListener("close", () => {
  if (!dialog.open) answer?.(dialog.returnValue === "disconnect")
})

for (const button of dialog.querySelectorAll("button")) {
  button.addEventListener("click", () => dialog.close(button.value))
}

const disconnect = async (card, button) => {
  if (button.getAttribute("aria-disabled") === "true") return
  if (!(await confirmDisconnect(card.connection.bank))) return
  await whileBusy(button, async () => {
    await call("DELETE", pathOf(card.connection))
    const { bank, id } = card.connection
    removeCard(id)
    showWhetherEmpty()
    find("#notice").replaceChildren(notice("info", `${bank} is disconnected.`))
    find("#connect").focus()
  })
}

const actions = {
  refresh,
  renew: (card, button) => visitTinkLink(button, `${pathOf(card.connection)}/renew`),
  disconnect
}

const addCard = (connection) => {
  const element = find("#connection").content.cloneNode(true).firstElementChild
  const card = { element, connection, isAsked: false, said: undefined }
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
  const options = connections.map(({ bank, id }) => element("option", { value: id, textContent: bank }))
  select.replaceChildren(...(options.length > 0 ? options : [element("option", { textContent: "no bank yet" })]))
  if (connections.some(({ id }) => id === chosen)) select.value = chosen
}

const showOverview = (overview) => {
  const { connections } = overview
  const ids = new Set(connections.map(({ id }) => id))
  for (const id of cards.keys()) if (!ids.has(id)) removeCard(id)
  for (const connection of connections) showConnection(connection)
  showSandbox(overview)
  showWhetherEmpty()
}

// ---------------------------------------------------------------------------------------------------------------------
// What happens meanwhile
// ---------------------------------------------------------------------------------------------------------------------

const showLive = (state, words) => {
  find("#live").dataset.live = state
  setText(find("#live span"), words)
}

let source
let again

const stopListening = () => {
  clearTimeout(again)
  source?.close()
  source = undefined
}

/** The browser comes back of its own accord when a connection is lost, but not when it was refused. */
const onLost = async () => {
  showLive("connecting", "Reconnecting…")
  if (source?.readyState !== EventSource.CLOSED) return
  stopListening()
  again = setTimeout(listen, 5000)
  try {
    await call("GET", "/api/connections")
  } catch (failure) {
    showProblem(failure, "events")
  }
}

const on = (type, listener) => source.addEventListener(type, ({ data }) => listener(JSON.parse(data)))

const listen = () => {
  stopListening()
  source = new EventSource("/api/events")
  // Also when it was lost and is back: what has come to an end meanwhile, nobody tells any more.
  source.addEventListener("open", () => {
    for (const card of cards.values()) settle(card)
  })
  on("overview", (overview) => {
    takeBackProblem("events")
    showLive("live", "Live")
    showOverview(overview)
  })
  on("connection", showConnection)
  on("settled", ({ id }) => cards.has(id) && settle(cards.get(id)))
  on("problem", (failure) => showProblem(failure, "events"))
  source.addEventListener("error", onLost)
}

// A page that nobody sees needs no connection, of which browsers allow but a few.
document.addEventListener("visibilitychange", () => (document.hidden ? stopListening() : listen()))
addEventListener("pagehide", stopListening)
addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return
  setBusy(find("#connect"), false)
  for (const busy of document.querySelectorAll("[aria-busy=true]")) setBusy(busy, false)
  listen()
})

// ---------------------------------------------------------------------------------------------------------------------
// The beginning
// ---------------------------------------------------------------------------------------------------------------------

const showOutcome = () => {
  const said = new URLSearchParams(location.hash.slice(1))
  const outcome = outcomes[said.get("outcome")]
  if (outcome === undefined) return
  history.replaceState(null, "", location.pathname)
  const reference = said.get("reference")
  const details = reference !== null && /^[\w-]{1,64}$/.test(reference) ? [`For support: ${reference}`] : []
  find("#notice").replaceChildren(notice(outcome.kind, outcome.words, details))
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
if (!document.hidden) listen()
