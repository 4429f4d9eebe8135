/** Formulas of calculated values: numbers, other fields as `{{cf_3}}`, the four operations, remainders and parentheses. */

/** A token of a formula in postfix order: number, field id, or operator. */
type Step = number | { readonly field: number } | '+' | '-' | '*' | '/' | '%' | 'negate'

const strength: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, negate: 3 }
const TOKEN = /\s*(?:(\d+(?:\.\d+)?|\.\d+)|\{\{cf_(\d{1,9})\}\}|([-+*/%()]))/y
const LONGEST = 1000

/**
 * Parses a formula with the shunting-yard algorithm.
 * @throws Error with the place of a syntax error
 */
export function readFormula(text: string): readonly Step[] {
  if (text.length > LONGEST) throw new Error(`A formula has at most ${LONGEST} characters.`)
  const steps: Step[] = []
  const waiting: string[] = []
  let isValueNext = true
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const wrong = () => new Error(`The formula has a syntax error at "${text.slice(at, at + 20).trim()}".`)
    const match = TOKEN.exec(text)
    if (!match) throw wrong()
    const [, number, field, sign = ''] = match
    if (number !== undefined || field !== undefined) {
      if (!isValueNext) throw wrong()
      steps.push(number !== undefined ? Number(number) : { field: Number(field) })
      isValueNext = false
    } else if (sign === '(') {
      if (!isValueNext) throw wrong()
      waiting.push(sign)
    } else if (sign === ')') {
      if (isValueNext) throw wrong()
      while (waiting.length > 0 && waiting.at(-1) !== '(') steps.push(waiting.pop() as Step)
      if (waiting.pop() === undefined) throw wrong()
    } else if (isValueNext) {
      if (sign !== '-' && sign !== '+') throw wrong()
      if (sign === '-') waiting.push('negate')
    } else {
      const isStronger = (one: string | undefined) => one !== undefined && (strength[one] ?? 0) >= (strength[sign] as number)
      while (isStronger(waiting.at(-1))) steps.push(waiting.pop() as Step)
      waiting.push(sign)
      isValueNext = true
    }
  }
  if (isValueNext || waiting.includes('(')) throw new Error('The formula is incomplete.')
  return [...steps, ...(waiting.toReversed() as Step[])]
}

/** The ids of the fields in a formula. */
export const fieldsIn = (steps: readonly Step[]): number[] =>
  steps.flatMap((step) => (typeof step === 'object' ? [step.field] : []))

/** The syntax error of a formula; undefined for a valid one. */
export function formulaFault(text: string): string | undefined {
  try {
    readFormula(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Evaluates a formula; null if a value is missing or the result is undefined, as for a division by zero. */
export function compute(steps: readonly Step[], valueIn: (field: number) => number | null): number | null {
  const stack: number[] = []
  for (const step of steps) {
    if (typeof step === 'number') stack.push(step)
    else if (typeof step === 'object') {
      const value = valueIn(step.field)
      if (value === null) return null
      stack.push(value)
    } else if (step === 'negate') stack.push(-(stack.pop() as number))
    else {
      const right = stack.pop() as number
      stack.push(apply(step, stack.pop() as number, right))
    }
  }
  const result = stack[0] as number
  return Number.isFinite(result) ? Math.round(result * 1e9) / 1e9 : null
}

function apply(operator: '+' | '-' | '*' | '/' | '%', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    default:
      return left % right
  }
}
