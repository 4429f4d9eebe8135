/** Definitions of phases: what projects are planned by. */
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { admin, either, inAnyProject } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'

type Proposal = Draft<Tables['project_phase_definitions']>

const view = either(admin, inAnyProject('view_project_phases'), inAnyProject('select_project_phases'))

interface Facts {
  /** The position after the last definition. */
  readonly next: number
}

async function lookUp(_: Proposal, { db }: Context): Promise<Facts> {
  const last = await db.one<{ position: number }>(
    sql`select coalesce(max(position), 0) as position from project_phase_definitions`,
  )
  return { next: (last?.position ?? 0) + 1 }
}

const isColor = (value: unknown) => /^#[0-9A-F]{6}$/i.test(String(value))

export const ProjectPhaseDefinition = resource<'project_phase_definitions', Facts>(
  'ProjectPhaseDefinition',
  'project_phase_definitions',
  {
    path: 'project_phase_definitions',
    description: 'A phase that projects can have, such as planning. A gate is a check at the start or the finish of the phase.',
    glossary: {
      name: 'Name.',
      color: 'Colour, such as `#1A67A3`.',
      position: 'Place in the order of phases.',
      startGate: 'Whether there is a gate at the start.',
      startGateName: 'Name of the gate at the start.',
      finishGate: 'Whether there is a gate at the finish.',
      finishGateName: 'Name of the gate at the finish.',
    },
    example: { id: 2, name: 'Planning', color: '#F05823', position: 2, startGate: true, startGateName: 'Ready to sail' },
    title: 'name',
    cached: 'all',
    order: { column: 'position' },
    visible: view,
    guards: { all: view, index: view, show: view },
    may: { create: admin, update: admin, delete: admin },
    properties: (p) => ({
      id: p.integer({ sort: true }),
      name: p.text({ required: true, unique: true, max: 255 }),
      color: p.text({
        fault: (value) => (isColor(value) ? undefined : said`is not a colour such as #1A67A3`),
      }),
      position: p.integer({ hasDefault: true, min: 1, sort: true }),
      startGate: p.boolean({ hasDefault: true }),
      startGateName: p.text({ max: 255, required: ({ row }) => row.start_gate }),
      finishGate: p.boolean({ hasDefault: true }),
      finishGateName: p.text({ max: 255, required: ({ row }) => row.finish_gate }),
      createdAt: p.dateTime({ readOnly: true }),
      updatedAt: p.dateTime({ readOnly: true }),
    }),
    defaults: () => ({ start_gate: false, finish_gate: false }),
    facts: lookUp,
    derive: [({ row }, { next }) => ({ position: row.position ?? next })],
    gradual: {},
    operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
    extensions: ['create', 'update', 'delete', 'form', 'editForm', 'schema'],
  },
)
