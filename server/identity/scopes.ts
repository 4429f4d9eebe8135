/** Scopes of access tokens. */
import { type Message, said } from '#text/messages.ts'

const meanings = new Map<string, Message>()

/** Declares a scope with its description for the consent page. */
export function scope(name: string, meaning: Message): string {
  meanings.set(name, meaning)
  return name
}

/** The only scope that applications can request: all that the user may do. */
export const API = scope('api_v3', said`Full API access on behalf of the user`)

/** The same for reading only. API tokens can have it; applications cannot request it yet. */
export const API_READ = 'api_v3:read'

/** The names of all scopes. */
export const scopes = (): string[] => [...meanings.keys()]

/** The description of a scope. */
export const meaningOf = (name: string): Message | undefined => meanings.get(name)
