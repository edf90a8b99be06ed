/**
 * The pages of Tink Link: plain forms, without scripts.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Provider } from "../credentials/providers.js"
import type { Action } from "./flows.js"
import { html, type Html, nothing } from "./html.js"
import { style } from "./style.js"

// A URL with a code must be neither stored nor sent on. The page loads nothing. There is no `form-action`, as some browsers also
// apply it to the redirects that follow, to the app and beyond.
const headers = {
  "cache-control": "no-store",
  // With `no-referrer`, browsers send a form with the origin "null".
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
}

type Response = HttpServerResponse.HttpServerResponse

const page = (status: number, title: string, content: Html): Response =>
  HttpServerResponse.text(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${title} – Tink sandbox</title>
          <style>
            ${style}
          </style>
        </head>
        <body>
          <main>
            <h1>${title}</h1>
            ${content}
          </main>
          <footer class="quiet">A sandbox: no real bank, money or data.</footer>
        </body>
      </html> `.html,
    { status, headers, contentType: "text/html; charset=utf-8" }
  )

export const redirect = (location: string): Response =>
  HttpServerResponse.empty({ status: 303, headers: { location, ...headers, "content-length": "0" } })

export const problem = (status: number, message: string): Response =>
  page(
    status,
    "This link does not work",
    html`<p>${message}.</p>
      <p class="quiet">Go back to the app and start again.</p>`
  )

/** The app, and how it names the user. */
interface Asker {
  readonly clientId: string
  /** Empty if the app gave no hint. */
  readonly idHint: string
}

interface Form {
  readonly action: string
  readonly session: string
}

const hidden = ({ session }: Form) => html`<input type="hidden" name="session" value="${session}" />`

const known = ({ idHint }: Asker) =>
  idHint === "" ? nothing : html`<p>You continue as <strong>${idHint}</strong>.</p>`

const button = (choice: string, text: string) => html`<button name="choice" value="${choice}">${text}</button>`

const cancel = button("cancel", "Cancel")
const decline = button("decline", "Decline the consent")
const failures = html`${button("error", "The bank reports an error")} ${button("login", "The login fails")}`

const endings = (others: ReadonlyArray<Html>) =>
  html`<fieldset>
    <legend>How does your visit to the bank end?</legend>
    <button class="main" name="choice" value="approve">Approve</button>
    ${others}
  </fieldset>`

const ends = endings([cancel, decline, failures])

const bank = ({ displayName, name }: Provider, isChosen: boolean, index: number) =>
  html`<div class="bank">
    <input
      type="radio"
      name="provider"
      value="${name}"
      id="bank-${String(index)}"
      aria-describedby="name-${String(index)}"
      ${isChosen ? html` checked` : nothing}
    />
    <label for="bank-${String(index)}">${displayName}</label>
    <span class="quiet" id="name-${String(index)}">${name}</span>
  </div>`

interface Banks {
  readonly banks: ReadonlyArray<Provider>
  /** The bank that is chosen at first. */
  readonly chosen: Provider | undefined
  /** Whether the link has chosen it, so that the user cannot. */
  readonly isFixed: boolean
}

const choiceOf = ({ banks, chosen, isFixed }: Banks): Html =>
  isFixed && chosen !== undefined
    ? html`<input type="hidden" name="provider" value="${chosen.name}" />
        <p>Your bank is <strong>${chosen.displayName}</strong>.</p>`
    : html`<fieldset>
        <legend>Your bank</legend>
        ${banks.map((one, index) => bank(one, one === chosen, index))}
      </fieldset>`

/** The choice of a bank and of how the visit ends. */
export const connect = (asker: Asker, form: Form, banks: Banks): Response =>
  page(
    200,
    "Connect your bank",
    html`<p>The app <strong>${asker.clientId}</strong> asks to see your accounts and transactions.</p>
      ${known(asker)}
      <form method="post" action="${form.action}">${hidden(form)} ${choiceOf(banks)} ${ends}</form>`
  )

const subjects: Readonly<Record<Exclude<Action, "connect">, readonly [title: string, wish: string]>> = {
  renew: ["Renew your consent", "to go on seeing your accounts and transactions at"],
  extend: ["Extend your consent", "to go on seeing your accounts and transactions, without a login at"],
  refresh: ["Refresh your bank", "for new data from"],
  authenticate: ["Log in to your bank", "for a new login at"]
}

// The bank takes no part in an extension.
const endsOf = (action: Action) => (action === "extend" ? endings([cancel, decline]) : ends)

/** The choice of how the visit to a connected bank ends. */
export const revisit = (asker: Asker, form: Form, action: Exclude<Action, "connect">, bankName: string): Response => {
  const [title, wish] = subjects[action]
  return page(
    200,
    title,
    html`<p>The app <strong>${asker.clientId}</strong> asks ${wish} <strong>${bankName}</strong>.</p>
      ${known(asker)}
      <form method="post" action="${form.action}">${hidden(form)} ${endsOf(action)}</form>`
  )
}

/** The bank's own page, where the app sends the user. `state` is that of its URL. */
export const bankLogin = (form: { readonly action: string; readonly state: string }, bankName: string): Response =>
  page(
    200,
    bankName,
    html`<p>An app asks for your accounts and transactions.</p>
      <form method="post" action="${form.action}">
        <input type="hidden" name="state" value="${form.state}" />
        ${endings([cancel, failures])}
      </form>`
  )

/** The end of a visit to the bank, from which no link leads to the app. */
export const done: Response = page(200, "You are done here", html`<p>Go back to the app.</p>`)
