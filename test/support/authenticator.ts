/** A software authenticator: it creates and uses passkeys like a browser, correctly or with faults. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** Overrides for the page's client data and the device; correct values by default. */
export interface Overrides {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly isVerified?: boolean
  /** The signature counter of the device. */
  readonly uses?: number
  readonly userHandle?: string | null
  readonly format?: [name: string, statement: Buffer]
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()
const base64url = (data: string | Buffer) => Buffer.from(data).toString('base64url')

// The required subset of CBOR: heads, integers, bytes, texts, maps.
const head = (major: number, length: number) =>
  Buffer.from(
    length < 24
      ? [(major << 5) | length]
      : length < 256
        ? [(major << 5) | 24, length]
        : [(major << 5) | 25, length >> 8, length & 255],
  )
const integer = (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value))
const bytes = (value: Buffer) => Buffer.concat([head(2, value.length), value])
const text = (value: string) => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
const list = (...values: Buffer[]) => Buffer.concat([head(4, values.length), ...values])
const map = (...pairs: [Buffer, Buffer][]) => Buffer.concat([head(5, pairs.length), ...pairs.flat()])

/** An attestation with a certificate, which we never request. */
export const certified: [string, Buffer] = [
  'packed',
  map([text('alg'), integer(-7)], [text('sig'), bytes(Buffer.alloc(70))], [text('x5c'), list(bytes(Buffer.alloc(100)))]),
]

export class Authenticator {
  readonly origin: string
  readonly id = randomBytes(16)
  readonly #key: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  #userHandle = ''
  #uses = 0

  /** @param origin the address in the browser's address bar */
  constructor(origin: string) {
    this.origin = origin
  }

  #said(type: string, challenge: string, { origin = this.origin }: Overrides) {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
  }

  #data({ rpId = new URL(this.origin).hostname, isVerified = true, uses = this.#uses }: Overrides, credential?: Buffer) {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(uses)
    const flags = 1 | (isVerified ? 4 : 0) | (credential ? 64 : 0)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), counter, ...(credential ? [credential] : [])])
  }

  /** Creates a passkey; gives the credential of the browser. */
  create(options: any, overrides: Overrides = {}): string {
    this.#userHandle = options.user.id
    const { x, y } = this.#key.publicKey.export({ format: 'jwk' }) as { x: string; y: string }
    const coordinate = (value: string) => bytes(Buffer.from(value, 'base64url'))
    const key = map(
      [integer(1), integer(2)],
      [integer(3), integer(-7)],
      [integer(-1), integer(1)],
      [integer(-2), coordinate(x)],
      [integer(-3), coordinate(y)],
    )
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, key])
    const [format, statement] = overrides.format ?? ['none', map()]
    const attestation = map(
      [text('fmt'), text(format)],
      [text('attStmt'), statement],
      [text('authData'), bytes(this.#data(overrides, credential))],
    )
    return this.#sent({
      clientDataJSON: base64url(this.#said('webauthn.create', overrides.challenge ?? options.challenge, overrides)),
      attestationObject: base64url(attestation),
      transports: ['internal', 'hybrid'],
    })
  }

  /** Uses the passkey. */
  get(options: any, overrides: Overrides = {}): string {
    this.#uses++
    const said = this.#said('webauthn.get', overrides.challenge ?? options.challenge, overrides)
    const data = this.#data(overrides)
    const userHandle = overrides.userHandle === undefined ? this.#userHandle : overrides.userHandle
    return this.#sent({
      clientDataJSON: base64url(said),
      authenticatorData: base64url(data),
      signature: base64url(sign('sha256', Buffer.concat([data, sha256(said)]), this.#key.privateKey)),
      ...(userHandle !== null && { userHandle }),
    })
  }

  #sent(response: object): string {
    const id = base64url(this.id)
    return JSON.stringify({ id, rawId: id, type: 'public-key', clientExtensionResults: {}, response })
  }
}
