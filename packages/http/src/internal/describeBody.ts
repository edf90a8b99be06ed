/** Describes a body without repeating any of it. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"

const mediaType = /^[\w.+-]{1,40}\/[\w.+-]{1,60}(?=\s*(?:;|$))/

const formatSize = (bytes: number): string =>
  `${String(bytes).replace(/\B(?=(\d{3})+$)/g, " ")} ${bytes === 1 ? "byte" : "bytes"}`

/** For example `text/html, 1 204 bytes`. Without a text, the body was not read to its end. */
export const describeBody = ({ headers }: HttpClientResponse.HttpClientResponse, text: string | undefined): string => {
  if (text === "") return "no body"
  const type = mediaType.exec((headers["content-type"] ?? "").trim())?.[0] ?? "no content type"
  const size = text === undefined ? "not read to its end" : formatSize(new TextEncoder().encode(text).byteLength)
  return `${type}, ${size}`
}
