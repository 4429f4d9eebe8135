import type { Context, Operation } from '#kernel/declaration.ts'
import { ApiError } from '#kernel/errors.ts'
import { idFrom, operation } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { withReferences } from '#kernel/read/references.ts'
import { pathsOf, readAddress } from '#kernel/write/payload.ts'
import { renderMarkdown } from '#text/markdown.ts'
import { type Message, said } from '#text/messages.ts'
import { renderPlain } from '#text/plain.ts'
import { type Place, placed } from '#text/references.ts'

/** Resources that can be the context of a text. */
const surroundings = ['WorkPackage', 'Project', 'News', 'Post', 'WikiPage', 'Meeting', 'Document']

const refused = (reason: Message) => new ApiError('InvalidRenderContext', reason)

/**
 * The rows that a text is rendered for. Throws 400 InvalidRenderContext unless the viewer may see the context in the query string.
 * Some clients send the bare address instead of `context=`.
 */
async function placesOf(context: Context): Promise<readonly Place[]> {
  const { params } = context
  const href = params.get('context') ?? [...params.keys()].find((key) => key.startsWith('/api/v3/'))
  if (!href) return []
  const address = readAddress(href, context)
  if (!address) throw refused(said`The context is not a link to a resource of this API.`)
  const resource = surroundings.map(context.model.of).find((one) => pathsOf(one).includes(address.path))
  if (!resource) throw refused(said`Texts cannot be rendered in the context of a resource of that kind.`)
  const id = await idFrom(address.text, resource, context)
  const row = id === undefined ? undefined : await visibleRow(context, resource, id)
  if (!row) throw refused(said`The context does not exist, or it cannot be seen.`)
  return [{ resource: resource.name, id: row.id }, ...(resource.places?.(row) ?? [])]
}

const html = (body: string) => ({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body })

const previewMarkdown = operation({
  method: 'POST',
  path: '/render/markdown',
  summary: 'Preview a text in markdown',
  description:
    'Renders a text as HTML: sanitised, with its references as links where the reader sees their targets. References to files, and macros without a number, are relative to the `context`. Nothing is saved.',
  tag: 'Render',
  accepts: 'text',
  harmless: true,
  answers: { status: 200, as: 'text' },
  query: ['context'],
  run: async ({ context, text }) => {
    const places = await placesOf(context)
    return html(await withReferences(context, placed(renderMarkdown(text), places), false))
  },
})

const previewPlainText = operation({
  method: 'POST',
  path: '/render/plain',
  summary: 'Preview a plain text',
  description: 'Renders a plain text as HTML: escaped, with its line breaks kept. Nothing is saved.',
  tag: 'Render',
  accepts: 'text',
  harmless: true,
  answers: { status: 200, as: 'text' },
  run: async ({ text }) => html(renderPlain(text)),
})

export const operations: readonly Operation[] = [previewMarkdown, previewPlainText]
