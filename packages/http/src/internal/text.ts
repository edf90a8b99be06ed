/** What texts from outside must be made of. */

/** One word of printable ASCII: it fits in a header and in a form. */
export const word = /^[\x21-\x7e]+$/

/** What every id of Tink is made of; today 32 hexadecimal characters or a UUID (`tink-api.md` 0.3). */
export const id = /^[A-Za-z0-9_-]{1,128}$/

export const idRequirement = "1 to 128 of the characters A-Z a-z 0-9 _ -"
