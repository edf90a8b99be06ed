// 116 by 116 points that look like a QR code, and cannot be scanned.
const base64 =
  "iVBORw0KGgoAAAANSUhEUgAAAHQAAAB0AQAAAAB84SuKAAAAl0lEQVR42uXVSQ6FMAwDUN8g97+lbxDsFPHVv6tZUiHKYxFlYEDv" +
  "C98zgCrMFllnsWquEiuc5C32pPTG9cI6ir3Vd+Lpp1NCZq/6m++JiyqFjpmZ1fQ8cddzbgJskB1ZgZSRkwrtW3TAzKuNWD0N7EGy" +
  "aiUU2PloHCA6s0bpjv76GVh48gmM9UhlnnnMByXy9iIF/vT/4wJLB5GJ1ANO0QAAAABJRU5ErkJggg=="

/** The body of `GET …/qr`: text, as in Tink's reference (tink-api.md 12.12). */
export const qrCode = `data:image/png;base64,${base64}`
