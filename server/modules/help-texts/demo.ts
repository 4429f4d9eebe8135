/** Help texts of the demo data. */
import { insert } from '#db/dialect.ts'
import type { DemoStep } from '#kernel/declaration.ts'

const texts = [
  ['WorkPackage', 'responsible', 'Answers for the result', 'Who answers for the result. The **assignee** does the work.'],
  ['WorkPackage', 'remainingTime', null, 'Estimate anew what is left, rather than subtract what was spent.'],
  ['Project', 'status', null, 'How the project is doing. Say in the explanation why, and what is done about it.'],
] as const

export const demo: DemoStep = async (tx, { now }) => {
  for (const [scope, attribute, caption, help_text] of texts)
    await tx.run(insert('help_texts', { scope, attribute, caption, help_text, created_at: now, updated_at: now }))
}
