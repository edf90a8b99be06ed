/** The ways to wait for what becomes of a credential. */
export const followings = ["followCredential", "refreshAndWait", "a bare Deferred"] as const

export type Following = (typeof followings)[number]
