/** The endpoints of users (`tink-api.md` 3 to 5). Each export is an operation of `Users`, and its comment the operation's. */
import * as Schema from "effect/Schema"
import * as Endpoint from "../../Endpoint.js"
import { CreatedUser, CreateUserInput, UpdateUserInput, User, UserProfile } from "../../User.js"
import * as Input from "../schemas/input.js"

const UserJson = Schema.parseJson(User)

const profileMembers: ReadonlyArray<string> = Object.keys(UserProfile.to.fields)

/** An object without any member of a profile is not a profile, such as an error. */
const UserProfileJson = Schema.parseJson(
  UserProfile.pipe(Schema.filter((profile) => profileMembers.some((member) => Object.hasOwn(profile, member))))
)

const subject = ({ id }: User): ReadonlyArray<Endpoint.Subject> => [{ userId: id }]

/**
 * Creates a user.
 *
 * Fails with `Conflict` when the external id is taken, and with `Invalid` when Tink does not accept the market or the locale.
 * It is not resent when it may have been processed: an error with `isAmbiguous` means that the user may exist. `ensureUser`
 * resolves this.
 */
export const createUser = Endpoint.client({
  name: "createUser",
  scope: "user:create",
  method: "POST",
  route: "/api/v1/user/create",
  input: CreateUserInput,
  response: Schema.parseJson(CreatedUser),
  source: "tink-api.md 3"
})

/**
 * Gets a user, with their profile.
 *
 * Cached for the cache's time to live, and until the user is changed through this library. Fails with `Invalid` when Tink
 * answers with another user than the session's.
 */
export const getUser = Endpoint.read({
  name: "getUser",
  scope: "user:read",
  route: "/api/v1/user",
  response: UserJson,
  subject,
  source: "tink-api.md 5.1"
})

/**
 * Changes the external id or the username of a user.
 *
 * A name that is left out is not changed. It is resent when it may have been processed, since the same names change nothing
 * more. Fails with `Invalid` when Tink does not accept a name, or answers with another user than the session's.
 */
export const updateUser = Endpoint.change({
  name: "updateUser",
  scope: "user:write",
  method: "PATCH",
  route: "/api/v1/user",
  input: UpdateUserInput,
  // The text asks for it, although the example has none (12.14).
  userIdMember: "id",
  isIdempotent: true,
  response: UserJson,
  subject,
  source: "tink-api.md 5.2"
})

/**
 * Gets the profile of a user, which `getUser` includes.
 *
 * Cached as `getUser` is. A profile does not say whose it is, so that a session with another user's token is not noticed.
 */
export const getProfile = Endpoint.read({
  name: "getProfile",
  scope: "user:read",
  route: "/api/v1/user/profile",
  response: UserProfileJson,
  source: "tink-api.md 5.2"
})

const isWhole = ({ currency, locale, market, timeZone }: UserProfile): boolean =>
  [currency, locale, market, timeZone].every((member) => member !== undefined)

/** The one part of a profile that Tink documents to be enough. A calendar month needs no day. */
const arePeriods = (profile: UserProfile): boolean =>
  (profile.periodMode === "MONTHLY" || (profile.periodMode !== undefined && profile.periodAdjustedDay !== undefined)) &&
  Object.keys(profile).every((member) => member === "periodMode" || member === "periodAdjustedDay")

const isReplacement = (profile: UserProfile): boolean => isWhole(profile) || arePeriods(profile)

const replacementRequirement =
  "the profile must be a whole one, as getProfile returns it, or its periodMode and periodAdjustedDay alone"

const isDayOfMonth = (day: number): boolean => day >= 1 && day <= 31

const ProfileReplacement = UserProfile.pipe(
  Schema.filter(isReplacement),
  Schema.annotations(Input.sentence(replacementRequirement)),
  Schema.filter(({ periodAdjustedDay: day }) => day === undefined || isDayOfMonth(day)),
  Schema.annotations({
    ...Input.requirement(replacementRequirement),
    ...Input.sentence("periodAdjustedDay must be 1 to 31")
  })
)

/**
 * Replaces the whole profile of a user: read it with `bypassCache`, change it, and send all of it.
 *
 * Tink changes `locale`, `timeZone`, `periodMode`, `periodAdjustedDay` and `notificationSettings`. A change by another process
 * between the read and the replacement is lost. The periods may also be sent alone, as Tink documents; the response may then have no
 * more than they. Fails with `Invalid` when Tink does not accept it.
 *
 * @example
 * ```ts
 * import { Users, type UserSession } from "@effect-tink/users"
 * import { Effect } from "effect"
 *
 * export const speakSwedish = (session: UserSession.UserSession<"user:read" | "user:write">) =>
 *   Effect.gen(function* () {
 *     const users = yield* Users.Users
 *     const profile = yield* users.getProfile(session, { bypassCache: true })
 *     return yield* users.updateProfile(session, { ...profile, locale: "sv_SE" })
 *   })
 * ```
 */
export const updateProfile = Endpoint.change({
  name: "updateProfile",
  scope: "user:write",
  method: "PUT",
  route: "/api/v1/user/profile",
  input: ProfileReplacement,
  response: UserProfileJson,
  source: "tink-api.md 5.2"
})
