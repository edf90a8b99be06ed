/** The Swedish texts about a bank. The others are English: with a second language, tests can tell languages apart. */
const swedish: ReadonlyMap<string, string> = new Map([
  ["For tests", "För tester"],
  ["Username", "Användarnamn"],
  ["Password", "Lösenord"],
  ["Personal number", "Personnummer"]
])

/** The language that an `Accept-Language` names first, such as `sv` in `sv-SE,sv;q=0.9,en;q=0.8`. */
export const firstLanguage = (header: string): string => /^\s*([a-z]+)/i.exec(header)?.[1]?.toLowerCase() ?? ""

/** A text in a language, or in English. */
export const translate = (text: string, language: string): string =>
  (language === "sv" ? swedish.get(text) : undefined) ?? text
