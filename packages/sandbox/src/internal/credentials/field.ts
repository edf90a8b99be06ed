/** What the user enters, in a provider or as supplemental information: tink-api.md 6.7. */
export interface Field {
  readonly name: string
  readonly description: string
  readonly helpText: string | null
  readonly hint: string | null
  readonly minLength: number | null
  readonly maxLength: number | null
  readonly numeric: boolean
  readonly masked: boolean
  readonly sensitive: boolean
  readonly immutable: boolean
  readonly optional: boolean
  readonly checkbox: boolean
  readonly pattern: string | null
  readonly patternError: string | null
  readonly value: string | null
  readonly additionalInfo: string | null
}

/** A required text. */
export const field = (given: Partial<Field> & Pick<Field, "name" | "description">): Field => ({
  helpText: null,
  hint: null,
  minLength: null,
  maxLength: null,
  numeric: false,
  masked: false,
  sensitive: false,
  immutable: false,
  optional: false,
  checkbox: false,
  pattern: null,
  patternError: null,
  value: null,
  additionalInfo: null,
  ...given
})
