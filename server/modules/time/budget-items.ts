/** Planned items of budgets: lists of labour and of material, stored as JSON. */
import type { Kind } from '#kernel/declaration.ts'
import { FormatError, isStorable } from '#kernel/kinds.ts'
import { said } from '#text/messages.ts'

/** An item: how much of something is planned, and what that costs. */
interface Item {
  readonly description?: string
  readonly hours?: number
  readonly units?: number
  readonly amount: number
}

const MOST_ITEMS = 500
const LARGEST = 1e12

const isQuantity = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= LARGEST

/** Lists of items that are measured in `of`. */
const itemsIn = (type: string, of: 'hours' | 'units', example: Item): Kind => {
  const expected = said`a list of at most ${MOST_ITEMS} objects with the numbers ${of} and amount, and a description`
  const read = (item: unknown): Item => {
    const { description = '', amount, [of]: quantity } = (item ?? {}) as Record<string, unknown>
    const isText = typeof description === 'string' && isStorable(description) && description.length <= 255
    if (!isText || !isQuantity(amount) || !isQuantity(quantity)) throw new FormatError(expected)
    return { description, [of]: quantity, amount }
  }
  const properties = { description: { type: 'string' }, [of]: { type: 'number' }, amount: { type: 'number' } }
  return {
    type,
    json: { type: 'array', items: { type: 'object', required: [of, 'amount'], properties }, examples: [[example]] },
    render: (text: string) => JSON.parse(text),
    parse: (value) => {
      if (!Array.isArray(value) || value.length > MOST_ITEMS) throw new FormatError(expected)
      return value.length === 0 ? null : JSON.stringify(value.map(read))
    },
    strategy: 'text',
    ofNothing: [],
  }
}

export const laborItems = itemsIn('BudgetLaborItems', 'hours', { description: 'Riggers', hours: 80, amount: 3600 })
export const materialItems = itemsIn('BudgetMaterialItems', 'units', { description: 'Rope', units: 200, amount: 450 })

/** The sum of a quantity over stored items, in hundredths at most. */
export const totalOf = (text: string | null, of: 'hours' | 'amount'): number => {
  const items: readonly Item[] = text === null ? [] : JSON.parse(text)
  return Math.round(items.reduce((sum, item) => sum + (item[of] ?? 0), 0) * 100) / 100
}
