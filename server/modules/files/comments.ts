/** Attachments of activities. */
import type { Row } from '#db/database.ts'
import type { Context, Payload } from '#kernel/declaration.ts'
import { visibleIds } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { hrefOf } from '#kernel/resource.ts'
import { idsOf } from './attachable.ts'
import { Attachment, free } from './attachments.ts'

const CONTENT = /\/api\/v3\/attachments\/(\d+)\/content/g

/**
 * The links of a comment's payload: attachments that it links to, and unclaimed uploads of the viewer that its text embeds.
 */
export async function linksOf(context: Context, { _links }: Payload, text: string, comment?: Row): Promise<Payload> {
  const { attachments: named } = (_links ?? {}) as { attachments?: unknown }
  const ids = [...text.matchAll(CONTENT)].map(([, id]) => id as string).filter(isId)
  const shown = [...(await visibleIds(context, context.model.of(Attachment), ids.map(Number), free))]
  const links = (some: readonly number[]) => some.map((id) => ({ href: hrefOf(Attachment, { id }) }))
  if (Array.isArray(named)) return { attachments: [...named, ...links(shown)] }
  if (shown.length === 0) return {}
  const there = await visibleIds(context, context.model.of(Attachment), comment ? idsOf(comment) : [])
  return { attachments: links([...there, ...shown]) }
}
