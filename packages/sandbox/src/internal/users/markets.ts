const countries: ReadonlySet<string> = new Set(
  (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC " +
    "CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD " +
    "GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH " +
    "KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW " +
    "MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC " +
    "SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY " +
    "UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
  ).split(" ")
)

interface MarketDefaults {
  readonly locale: string
  readonly currency: string
  readonly timeZone: string
}

const defaults: Readonly<Record<string, MarketDefaults>> = {
  AT: { locale: "de_DE", currency: "EUR", timeZone: "Europe/Vienna" },
  BE: { locale: "nl_NL", currency: "EUR", timeZone: "Europe/Brussels" },
  CZ: { locale: "cs_CZ", currency: "CZK", timeZone: "Europe/Prague" },
  DE: { locale: "de_DE", currency: "EUR", timeZone: "Europe/Berlin" },
  DK: { locale: "da_DK", currency: "DKK", timeZone: "Europe/Copenhagen" },
  EE: { locale: "et_EE", currency: "EUR", timeZone: "Europe/Tallinn" },
  ES: { locale: "es_ES", currency: "EUR", timeZone: "Europe/Madrid" },
  FI: { locale: "fi_FI", currency: "EUR", timeZone: "Europe/Helsinki" },
  FR: { locale: "fr_FR", currency: "EUR", timeZone: "Europe/Paris" },
  GB: { locale: "en_GB", currency: "GBP", timeZone: "Europe/London" },
  IE: { locale: "en_GB", currency: "EUR", timeZone: "Europe/Dublin" },
  IT: { locale: "it_IT", currency: "EUR", timeZone: "Europe/Rome" },
  LT: { locale: "lt_LT", currency: "EUR", timeZone: "Europe/Vilnius" },
  LV: { locale: "lv_LV", currency: "EUR", timeZone: "Europe/Riga" },
  NL: { locale: "nl_NL", currency: "EUR", timeZone: "Europe/Amsterdam" },
  NO: { locale: "no_NO", currency: "NOK", timeZone: "Europe/Oslo" },
  PL: { locale: "pl_PL", currency: "PLN", timeZone: "Europe/Warsaw" },
  PT: { locale: "pt_PT", currency: "EUR", timeZone: "Europe/Lisbon" },
  SE: { locale: "sv_SE", currency: "SEK", timeZone: "Europe/Stockholm" }
}

const elsewhere: MarketDefaults = { locale: "en_US", currency: "EUR", timeZone: "UTC" }

/** The markets with providers: tink-api.md 11.2. */
export const markets: ReadonlyArray<string> = Object.keys(defaults)

/** ISO 3166-1 alpha-2: tink-api.md 3. */
export const isMarket = (text: string): boolean => countries.has(text)

/** A language and a country, as in `sv_SE`. */
export const isLocale = (text: string): boolean => /^[a-z]{2}_[A-Z]{2}$/.test(text) && countries.has(text.slice(3))

/** The defaults of a new user in a market: tink-api.md 3. */
export const marketDefaults = (market: string): MarketDefaults => defaults[market] ?? elsewhere

/** An IANA time zone, as in `Europe/Stockholm`. */
export const isTimeZone = (text: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }) instanceof Intl.DateTimeFormat
  } catch {
    return false
  }
}
