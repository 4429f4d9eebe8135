/** Reactions to comments: an emoji, and the users who chose it. */
import type { Reader, Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Body, Context } from '#kernel/declaration.ts'
import { collection } from '#kernel/read/represent.ts'

/** The emoji of each reaction. */
export const emojis: Readonly<Record<string, string>> = {
  thumbs_up: '👍',
  thumbs_down: '👎',
  grinning_face_with_smiling_eyes: '😄',
  confused_face: '😕',
  heart: '❤️',
  party_popper: '🎉',
  rocket: '🚀',
  eyes: '👀',
}

/** The representation of a reaction. */
interface Reaction extends Body {
  readonly _links: { readonly reactable: { readonly href: string }; readonly [link: string]: unknown }
}

/** Reactions to entries, in the order of their first use: one statement. */
async function grouped(db: Reader, entries: readonly number[]): Promise<Reaction[]> {
  const rows = await db.all(sql`
    select e.journal_id, e.reaction, e.user_id, e.created_at, p.name from emoji_reactions e join principals p on p.id = e.user_id
    where ${among(db.engine, sql`e.journal_id`, entries)} order by e.journal_id, e.created_at, e.id`)
  return [...Map.groupBy(rows, ({ journal_id, reaction }) => `${journal_id}-${reaction}`)].map(([id, group]) => {
    const [first] = group as [Row]
    return {
      _type: 'EmojiReaction',
      id,
      reaction: first.reaction,
      emoji: emojis[first.reaction],
      reactionsCount: group.length,
      firstReactionAt: first.created_at,
      _links: {
        self: { href: `/api/v3/emoji_reactions/${id}` },
        reactable: { href: `/api/v3/activities/${first.journal_id}` },
        reactingUsers: group.map(({ user_id, name }) => ({ href: `/api/v3/users/${user_id}`, title: name })),
      },
    }
  })
}

/** The collection of reactions to entries, at `path`. */
export const reactions = async (db: Reader, path: string, entries: readonly number[]): Promise<Body> =>
  collection(path, await grouped(db, entries))

/** The collections to embed, by entry. */
export async function reactionsOf(entries: readonly Row[], { db }: Context): Promise<ReadonlyMap<number, object>> {
  const ids: number[] = entries.map((entry) => entry.id)
  const all = Map.groupBy(await grouped(db, ids), ({ _links }) => _links.reactable.href)
  return new Map(
    ids.map((id) => [id, collection(`/api/v3/activities/${id}/emoji_reactions`, all.get(`/api/v3/activities/${id}`) ?? [])]),
  )
}
