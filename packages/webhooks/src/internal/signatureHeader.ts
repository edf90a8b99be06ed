/** The value of `X-Tink-Signature`: `t=<unix seconds>,v1=<hex>` (`tink-api.md` 9.4). */
export interface SignatureHeader {
  /** As it was sent, since it is part of what is signed. */
  readonly t: string
  readonly signatures: ReadonlyArray<string>
}

/** Each signature costs a hash of the body. Tink sends one, or two while a secret rotates. */
const maxSignatures = 8

const partPattern = /^[ \t]*([^=, \t]+)=([^=, \t]+)[ \t]*$/
const timestampPattern = /^[0-9]{1,12}$/
const signaturePattern = /^[0-9a-f]{64}$/

/** Other keys are ignored. A second `t` is a repeated header, which Tink does not send. */
export const parse = (header: string): SignatureHeader | undefined => {
  const parts = header.split(",").map((part) => partPattern.exec(part))
  const valuesOf = (name: string) => parts.flatMap((part) => (part?.[1] === name ? [part[2] ?? ""] : []))
  const [t = "", ...others] = valuesOf("t")
  const signatures = valuesOf("v1")
  const isValid =
    !parts.includes(null) &&
    others.length === 0 &&
    timestampPattern.test(t) &&
    signatures.length > 0 &&
    signatures.length <= maxSignatures &&
    signatures.every((signature) => signaturePattern.test(signature))
  return isValid ? { t, signatures } : undefined
}

export const format = (t: string, signature: string): string => `t=${t},v1=${signature}`
