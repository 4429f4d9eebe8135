/** A larger project, generated: a year of building a research vessel, for looking at lists, Gantt charts and reports of real size. */
import { dueDay, type ProjectSeed, type WorkPackageSeed } from './demo.ts'

/** Parts of the vessel; the work on each is a stream. */
const parts = [
  'hull',
  'engine',
  'steering gear',
  'electrical system',
  'navigation system',
  'laboratory',
  'deck crane',
  'accommodation',
  'safety equipment',
  'data network',
  'winch',
  'bridge',
]

/** The stages of a stream, with their tasks. `{}` is the part. */
const stages: readonly { readonly name: string; readonly tasks: readonly string[] }[] = [
  {
    name: 'Survey',
    tasks: [
      'Collect the drawings of the {}',
      'Inspect the {}',
      'Photograph the {}',
      'Measure the {}',
      'List the defects of the {}',
      'Estimate the repair of the {}',
      'Review the survey of the {}',
    ],
  },
  {
    name: 'Design',
    tasks: [
      'Specify the {}',
      'Compare suppliers for the {}',
      'Draw the {}',
      'Calculate the loads of the {}',
      'Simulate the {}',
      'Price the {}',
      'Approve the design of the {}',
    ],
  },
  {
    name: 'Installation',
    tasks: [
      'Order material for the {}',
      'Prepare the site of the {}',
      'Assemble the {}',
      'Connect the {}',
      'Insulate the {}',
      'Paint the {}',
      'Label the {}',
    ],
  },
  {
    name: 'Acceptance',
    tasks: [
      'Write the test plan of the {}',
      'Test the {} in harbour',
      'Correct the defects of the {}',
      'Test the {} at sea',
      'Measure the noise of the {}',
      'Write the manual of the {}',
      'Train the crew on the {}',
    ],
  },
]

const people = ['mira', 'jonas', 'teo']
const priorities = ['Normal', 'Normal', 'Low', 'Normal', 'High', 'Normal', 'Normal', 'Immediate']
const versions = ['Keel laid', 'Launched', 'Fitted out', 'In service']

/** Working days of the tasks of a stage, which follow one another for four weeks. */
const DURATIONS = [2, 3, 3, 3, 3, 3, 3]
/** Working days of a stage, and from the start of one stream to that of the next. */
const STAGE_DAYS = 20
const STREAM_DAYS = 15
/** The first working day, before the week of seeding: the whole takes 49 weeks. */
const FIRST_DAY = -38 * 5

/** The day of a working day, both counted from the Monday of the week of seeding. */
const dayOf = (workingDay: number): number => Math.floor(workingDay / 5) * 7 + (((workingDay % 5) + 5) % 5)

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The status and the progress of a task in the week of seeding. */
function stateOf(start: number, duration: number): { status: string; done_ratio: number } {
  if (dueDay(start, duration) < 0) return { status: 'Closed', done_ratio: 100 }
  return start < 0 ? { status: 'In progress', done_ratio: 40 } : { status: 'New', done_ratio: 0 }
}

/** The status of something above these. */
function statusAbove(children: readonly WorkPackageSeed[]): string {
  const isAll = (status: string) => children.every((one) => one.status === status)
  return isAll('Closed') ? 'Closed' : isAll('New') ? 'New' : 'In progress'
}

function stream(part: string, n: number): WorkPackageSeed[] {
  const of = (text: string) => text.replace('{}', part)
  const category = capital(part)
  let last: string | undefined
  const children = stages.map(({ name, tasks }, stage): WorkPackageSeed => {
    let workingDay = FIRST_DAY + n * STREAM_DAYS + stage * STAGE_DAYS
    const below = tasks.map((task, i): WorkPackageSeed => {
      const [start, duration] = [dayOf(workingDay), DURATIONS[i] as number]
      workingDay += duration
      const follows = last === undefined ? [] : [last]
      last = of(task)
      return {
        type: 'Task',
        subject: last,
        ...stateOf(start, duration),
        start,
        duration,
        estimated_hours: duration * 6,
        priority: priorities[(n + stage + i) % priorities.length] as string,
        assignee: people[(n + i) % people.length] as string,
        category,
        version: versions[stage] as string,
        follows,
      }
    })
    return {
      type: 'Summary task',
      subject: `${name} of the ${part}`,
      status: statusAbove(below),
      responsible: people[n % people.length] as string,
      category,
      version: versions[stage] as string,
      children: below,
    }
  })
  const end = dayOf(FIRST_DAY + n * STREAM_DAYS + stages.length * STAGE_DAYS)
  return [
    { type: 'Summary task', subject: category, status: statusAbove(children), responsible: 'mira', category, children },
    {
      type: 'Milestone',
      subject: `${category} accepted`,
      status: end < 0 ? 'Closed' : 'New',
      start: end,
      duration: 1,
      responsible: 'mira',
      category,
      follows: [last as string],
    },
  ]
}

export const showcase: ProjectSeed = {
  identifier: 'research-vessel',
  name: 'Research vessel',
  description: 'A research vessel is surveyed, designed, built and accepted: a year of work in twelve streams, with its history.',
  public: true,
  status_code: 'at_risk',
  status_explanation: 'The winch is late, and the harbour trials wait for it.',
  modules: ['work_package_tracking', 'gantt', 'board_view', 'team_planner_view', 'costs', 'news', 'wiki', 'documents'],
  types: ['Task', 'Milestone', 'Summary task'],
  categories: parts.map((part) => ({ name: capital(part) })),
  versions: versions.map((name, i) => ({
    name,
    start: dayOf(FIRST_DAY + i * STAGE_DAYS),
    end: dayOf(FIRST_DAY + 165 + (i + 1) * 20),
  })),
  queries: [
    { name: 'Streams', view: 'gantt', starred: true, types: ['Summary task', 'Milestone'], all: true, sort_by: ['id-asc'] },
    {
      name: 'Work in progress',
      view: 'work_packages_table',
      types: ['Task'],
      columns: ['id', 'subject', 'status', 'assignee', 'dueDate', 'percentageDone'],
      sort_by: ['dueDate-asc', 'id-asc'],
      group_by: 'assignee',
    },
    { name: 'Team planner', view: 'team_planner', all: true, sort_by: ['id-asc'] },
  ],
  members: [
    { principal: 'admin', roles: ['Project admin'] },
    { principal: 'mira', roles: ['Project admin'] },
    { principal: 'jonas', roles: ['Member'] },
    { principal: 'teo', roles: ['Member'] },
  ],
  workPackages: parts.flatMap(stream),
}
