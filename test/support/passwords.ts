/** Password hashes with the lowest cost: the cost of Argon2id is part of each hash, and tests sign in very often. */
import { argon2Sync, randomBytes } from 'node:crypto'

/** The lowest cost that Argon2id permits. */
const MEMORY = 8
const PASSES = 1
const LANES = 1

const unpadded = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')

/** The stored hash of a password, as by `hashPassword` of the server but at the lowest cost. */
export function quickHash(password: string): string {
  const nonce = randomBytes(16)
  const cost = { memory: MEMORY, passes: PASSES, parallelism: LANES, tagLength: 32 }
  const hash = argon2Sync('argon2id', { message: password, nonce, ...cost })
  return `$argon2id$v=19$m=${MEMORY},t=${PASSES},p=${LANES}$${unpadded(nonce)}$${unpadded(hash)}`
}
