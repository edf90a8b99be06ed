/** A text of Tink or a bank without control and formatting characters, which a terminal would obey. */
export const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
