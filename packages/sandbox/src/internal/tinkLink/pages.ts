/**
 * The pages of Tink Link: plain forms, without scripts.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Provider } from "../credentials/providers.js"
import { html, type Html, nothing } from "./html.js"
import { style } from "./style.js"

// A URL with a code must be neither stored nor sent on. The page loads nothing. There is no `form-action`, as some browsers also
// apply it to the redirects that follow, to the app and beyond.
const headers = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
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
  idHint === "" ? nothing : html`<p>You are there as <strong>${idHint}</strong>.</p>`

const ends = html`<fieldset>
  <legend>How does your visit to the bank end?</legend>
  <button class="main" name="choice" value="approve">Approve</button>
  <button name="choice" value="cancel">Cancel</button>
  <button name="choice" value="error">The bank reports an error</button>
  <button name="choice" value="login">The login fails</button>
</fieldset>`

const bank = ({ displayName, name }: Provider, index: number) =>
  html`<div class="bank">
    <input
      type="radio"
      name="provider"
      value="${name}"
      id="bank-${String(index)}"
      aria-describedby="name-${String(index)}"
      ${index === 0 ? html` checked` : nothing}
    />
    <label for="bank-${String(index)}">${displayName}</label>
    <span class="quiet" id="name-${String(index)}">${name}</span>
  </div>`

/** The choice of a bank and of how the visit ends. */
export const connect = (asker: Asker, form: Form, banks: ReadonlyArray<Provider>): Response =>
  page(
    200,
    "Connect your bank",
    html`<p>The app <strong>${asker.clientId}</strong> asks to see your accounts and transactions.</p>
      ${known(asker)}
      <form method="post" action="${form.action}">
        ${hidden(form)}
        <fieldset>
          <legend>Your bank</legend>
          ${banks.map(bank)}
        </fieldset>
        ${ends}
      </form>`
  )

/** The choice of how the visit to a connected bank ends. */
export const renew = (asker: Asker, form: Form, bankName: string): Response =>
  page(
    200,
    "Renew your consent",
    html`<p>
        The app <strong>${asker.clientId}</strong> asks to go on seeing your accounts and transactions at
        <strong>${bankName}</strong>.
      </p>
      ${known(asker)}
      <form method="post" action="${form.action}">${hidden(form)} ${ends}</form>`
  )
