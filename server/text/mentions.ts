/** Mentions in a text, as its readers see them. */
import { renderMarkdown } from './markdown.ts'
import { referencesIn } from './references.ts'

export interface Mentions {
  readonly users: readonly number[]
  /** In lower case, as case is ignored. */
  readonly logins: readonly string[]
  readonly groups: readonly number[]
}

/** The greatest id that a row can have. */
const GREATEST = 2 ** 31 - 1

/** The distinct users and groups that a markdown text mentions. Code does not mention anybody. */
export function mentionsIn(raw: string): Mentions {
  const users = new Set<number>()
  const logins = new Set<string>()
  const groups = new Set<number>()
  // Rendering takes time, and most texts cannot mention anybody.
  if (/[@#]|user:|<mention/i.test(raw)) {
    for (const { resource, target } of referencesIn(renderMarkdown(raw))) {
      if (resource !== 'User' && resource !== 'Group') continue
      if (!/^\d+$/.test(target)) logins.add(target.toLowerCase())
      else if (Number(target) <= GREATEST) (resource === 'User' ? users : groups).add(Number(target))
    }
  }
  return { users: [...users], logins: [...logins], groups: [...groups] }
}
