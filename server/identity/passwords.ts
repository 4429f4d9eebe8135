/** Passwords: stored as Argon2id hashes in the PHC format, so that parameters can change without a migration. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { ApiError } from '#kernel/errors.ts'
import { type Limited, takePlace } from '#kernel/places.ts'
import { said } from '#text/messages.ts'

const compute = promisify(argon2)

/** OWASP's minimum for Argon2id: 19 MiB of memory, two passes, one lane. */
const MEMORY = 19_456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const HASH_BYTES = 32

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Each computation takes 19 MiB and a core. */
const HASHING: Limited = { name: 'passwords', atOnce: 2, mostWaiting: 30 }
/** Seconds after which there is certainly room again. */
const RETRY_AFTER = '5'

let computed = 0

/** The number of computations, for tests that compare the amount of work. */
export const computations = (): number => computed

/** Computes a hash, possibly after waiting. Throws an ApiError 503 if too many are waiting. */
async function derive(message: string, nonce: Buffer, [memory, passes, parallelism]: Cost, tagLength: number): Promise<Buffer> {
  const leave = await takePlace(HASHING)
  if (!leave) {
    const error = new ApiError(
      'ServiceUnavailable',
      said`Too many passwords are being checked right now. Try again in a few seconds.`,
    )
    error.headers = { 'retry-after': RETRY_AFTER }
    throw error
  }
  try {
    computed++
    return await compute('argon2id', { message, nonce, memory, passes, parallelism, tagLength })
  } finally {
    leave()
  }
}

type Cost = readonly [memory: number, passes: number, lanes: number]
const COST: Cost = [MEMORY, PASSES, LANES]

const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

/** An unguessable password: 80 random bits, easy to type. */
export const randomPassword = (): string => randomBytes(10).toString('hex')

/** The text to store for a password: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Takes some 50 ms, off the main thread. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return phc(salt, await derive(password, salt, COST, HASH_BYTES))
}

const phc = (salt: Buffer, hash: Buffer) =>
  `$argon2id$v=19$m=${MEMORY},t=${PASSES},p=${LANES}$${unpadded(salt)}$${unpadded(hash)}`

/** A hash that no password has. */
const nobodys = PHC.exec(phc(randomBytes(SALT_BYTES), randomBytes(HASH_BYTES))) as RegExpExecArray

/**
 * Whether a password matches a stored hash; false for a stored text that is not an Argon2id hash. Without a hash it computes as
 * much, so that the time does not disclose this.
 */
export async function verifyPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const known = PHC.exec(stored ?? '')
  const parts = known ?? nobodys
  const cost = parts.slice(1, 4).map(Number) as [number, number, number]
  const [salt, hash] = parts.slice(4).map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer]
  const derived = await derive(password, salt, cost, hash.length)
  return timingSafeEqual(derived, hash) && known !== null
}
