/** Whom a text mentions, as its readers see it. */
import { renderMarkdown } from './markdown.ts'
import { MENTION_CLASS } from './references.ts'

export interface Mentions {
  readonly users: readonly number[]
  /** Small letters only: case makes no difference. */
  readonly logins: readonly string[]
  readonly groups: readonly number[]
}

const LINK = new RegExp(`<a class="${MENTION_CLASS}" href="/(users|groups)/([^"]+)"`, 'g')
/** The greatest id that a row can have. */
const GREATEST = 2 ** 31 - 1

/** The people and groups that a text in markdown mentions, each once. Code and the like mentions nobody. */
export function mentionsIn(raw: string): Mentions {
  const users = new Set<number>()
  const logins = new Set<string>()
  const groups = new Set<number>()
  // Rendering takes time, and most texts cannot mention anybody.
  if (/[@#]|<mention/i.test(raw)) {
    for (const [, kind, target = ''] of renderMarkdown(raw).matchAll(LINK)) {
      if (!/^\d+$/.test(target)) logins.add(target.toLowerCase())
      else if (Number(target) <= GREATEST) (kind === 'users' ? users : groups).add(Number(target))
    }
  }
  return { users: [...users], logins: [...logins], groups: [...groups] }
}
