import type { Html } from "./html.js"

// System fonts, the system's light or dark theme, nothing to load. The contrast is at least 4.5 to 1 in both themes.
export const style: Html = {
  html: `:root {
  color-scheme: light dark;
  --page: #f3f4f6; --card: #ffffff; --text: #16181d; --quiet: #555b66; --line: #848b97; --accent: #1849b8; --on-accent: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101216; --card: #1b1e25; --text: #eef0f4; --quiet: #b0b6c2; --line: #7c8493; --accent: #9dbcff; --on-accent: #0b1530;
  }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 28rem; margin: 1rem auto; padding: 1.25rem; background: var(--card); border-radius: 1rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
fieldset { min-width: 0; margin: 0 0 1.25rem; padding: 0; border: 0; }
legend { margin-bottom: 0.5rem; padding: 0; font-weight: 600; }
.bank { display: grid; grid-template-columns: auto 1fr; align-items: center; column-gap: 0.75rem; position: relative;
  margin-bottom: 0.5rem; padding: 0.625rem 0.875rem; border: 1px solid var(--line); border-radius: 0.75rem; }
.bank:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.bank input { position: relative; z-index: 1; width: 1.25rem; height: 1.25rem; margin: 0; accent-color: var(--accent); }
.bank label::before { content: ""; position: absolute; inset: 0; }
.bank .quiet { grid-column: 2; }
button { display: block; width: 100%; min-height: 2.75rem; margin-top: 0.5rem; padding: 0.5rem 1rem; cursor: pointer;
  border: 1px solid var(--line); border-radius: 0.75rem; background: transparent; color: inherit; font: inherit; }
button.main { border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; }
button:hover { text-decoration: underline; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { max-width: 28rem; margin: 0 auto; text-align: center; }`
}
