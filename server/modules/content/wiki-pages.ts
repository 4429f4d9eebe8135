/** Wiki pages of projects: a tree of texts, each with its history. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { folded, takeTurns } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { conflict, type Violation, violation } from '#kernel/errors.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { differs, listHref, resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'
import { said } from '#text/messages.ts'
import { viewVersions } from './wiki-page-versions.ts'

type Page = Tables['wiki_pages']

interface Facts {
  /** The proposed parent, if the viewer sees it. */
  readonly parent: Row | undefined
  /** Whether the page would be below itself. */
  readonly isCircle: boolean
}

const edit = inProject('edit_wiki_pages')
const manage = inProject('manage_wiki')

async function lookUp(draft: Draft<Page>, context: Context): Promise<Facts> {
  const { row, before } = draft
  const isMoved = row.parent_id !== null && row.parent_id !== undefined && differs(draft, 'parent_id')
  return {
    parent: isMoved ? await visibleRow(context, context.model.of('WikiPage'), row.parent_id as number) : undefined,
    isCircle: isMoved && before !== undefined && (await isBelow(context.db, row.parent_id as number, before.id)),
  }
}

/** Whether a page is another one, or below it. */
async function isBelow(db: Pick<Reader, 'one'>, id: number, above: number): Promise<boolean> {
  const found = await db.one(sql`
    with recursive up (id) as (
      select ${id} + 0 union select w.parent_id from up join wiki_pages w on w.id = up.id where w.parent_id is not null
    ) select id from up where id = ${above}`)
  return found !== undefined
}

function check({ row }: Draft<Page>, { parent, isCircle }: Facts): Violation[] {
  return [
    ...(isCircle ? [violation('parent', said`cannot be the page itself or a page below it`)] : []),
    ...(parent && parent.project_id !== row.project_id ? [violation('parent', said`must be a page of the same project`)] : []),
  ]
}

/** Rejects a circle that concurrent moves close together. */
async function keepTree(tx: Transaction, draft: Draft<Page>): Promise<void> {
  const { id, parent_id: parent } = draft.row
  if (!draft.before || !parent || !differs(draft, 'parent_id')) return
  await takeTurns(tx, MOVES)
  if (await isBelow(tx, parent, id)) throw conflict()
}

/** The lock of those who move pages. */
const MOVES = 7236

export const WikiPage = resource<'wiki_pages', Facts>('WikiPage', 'wiki_pages', {
  path: 'wiki_pages',
  label: 'wiki page',
  description: 'A wiki page of a project: a title and a text. Pages can be nested.',
  glossary: {
    title: 'Title: no other page of the project has it, in capitals or not.',
    text: 'The text.',
    project: 'The project of the page.',
    parent: 'The page above it, of the same project.',
    children: 'The pages directly below it.',
    versions: 'What it said after each of its changes. Present only if permitted.',
  },
  example: {
    title: 'Knots',
    text: { format: 'markdown', raw: 'Begin with the *bowline*.', html: '<p>Begin with the <em>bowline</em>.</p>' },
  },
  title: 'title',
  belongsTo: 'project_id',
  lock: 'lock_version',
  journal: 'wiki_page_versions',
  copied: { with: 'wiki', files: 'wikiPageAttachments' },
  visible: inProject('view_wiki_pages'),
  may: { create: edit, update: edit, delete: manage },
  attachments: { add: edit },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    lockVersion: p.integer({ readOnly: true }),
    title: p.text({
      required: true,
      max: 255,
      unique: 'project_id',
      may: { create: edit, update: manage },
      filter: true,
      sort: ({ engine }, table) => folded(engine, name(`${table}.title`)),
    }),
    text: p.markdown(),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, filter: true, sort: true }),
    project: ownProject(p, 'wiki_pages'),
    parent: p.link('WikiPage', {
      may: { create: edit, update: manage },
      filter: 'list_optional',
      allowed: { href: ({ row }) => (row.project_id ? listHref('wiki_pages', { project: ['=', row.project_id] }) : null) },
      whenGone: 'empty',
    }),
    author: p.link('User', { readOnly: true, alwaysNamed: true, embed: true, whenGone: 'successor' }),
  }),
  actions: {
    children: { href: ({ id }) => listHref('wiki_pages', { parent: ['=', id] }) },
    versions: { href: ({ id }) => `/api/v3/wiki_pages/${id}/versions`, may: viewVersions },
  },
  defaults: ({ viewer }) => ({ author_id: viewer.id, lock_version: 0 }),
  facts: lookUp,
  check: [check],
  after: [keepTree],
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['index', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** Where pages can be created. */
export const listProjectsForPages = projectsFor(WikiPage, 'edit_wiki_pages')
