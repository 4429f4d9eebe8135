/** The semantics of filters, reimplemented in plain JavaScript: the elements that an operator selects, from responses alone. */

import type { Queryable } from '#kernel/declaration.ts'
import * as kinds from '#kernel/kinds.ts'
import type { Known } from '#kernel/read/judge.ts'
import { takesValues } from '#kernel/read/operators.ts'

export type Element = any

/** Inputs besides the judged element. */
export interface Facts {
  /** `YYYY-MM-DD`, in UTC. */
  readonly today: string
  /** The id of the viewer. */
  readonly viewer: number
  /** The elements of every list, by the name of the resource. */
  readonly all: Readonly<Record<string, readonly Element[]>>
}

/** Inputs for a filter that does not read the property of its name. */
export interface Hint<F extends Facts = Facts> {
  /** The value in an element; undefined if there is none. */
  of?: (element: Element, facts: F) => readonly unknown[]
  /** The semantics of its own operators. */
  means?: Readonly<Record<string, (element: Element, values: readonly string[], facts: F) => boolean>>
  /** Values for the requests, instead of those of the elements. */
  values?: (facts: F) => readonly (string | number)[]
  /** Operators that select all or nothing for any data, and why. */
  alike?: Readonly<Record<string, string>>
  /** The values to request with an operator, instead of the derived ones. */
  asked?: Readonly<Record<string, readonly string[][]>>
  /** Whether it accepts only one value. */
  single?: boolean
  /** Invalid values, if they differ from those of its strategy. */
  wrong?: readonly string[][]
  /** The list with this filter, if it is not the resource's own. */
  path?: (facts: F) => string
}

/** The id at the end of a link's address. */
export const idIn = (link: { href: string | null } | undefined): string[] =>
  link?.href?.startsWith('/api/v3/') ? [link.href.split('/').at(-1) as string] : []

/** The value of a declared property in an element. Undefined if there is no such property. */
function declared(name: string, { property }: Queryable): ((element: Element) => readonly unknown[]) | undefined {
  const found = property.get(name)
  if (!found) return undefined
  if (found.to) return (element) => [element._links[name] ?? []].flat().flatMap(idIn)
  if (found.options.inLinks) return (element) => [element._links[name]?.href].filter(Boolean)
  const read = (value: any) => {
    if (found.kind === kinds.hours) return kinds.parseHours(value)
    if (found.kind === kinds.days) return kinds.parseHours(value) / 24
    return value?.raw ?? value
  }
  return ({ [name]: value }) => (value === null || value === undefined ? [] : [read(value)])
}

const fold = (text: unknown) => String(text).toLowerCase()
/** The words of a searched text. */
export const tokens = (text = '') => fold(text).split(/\s+/).filter(Boolean)
/** Whether every word occurs in the texts, in any order. */
export const holds = (texts: readonly unknown[], wanted: string | undefined) =>
  tokens(wanted).every((token) => texts.some((text) => fold(text).includes(token)))

const DAY = 86_400_000
const dayOf = (value: unknown) => String(value).slice(0, 10)
const shifted = (day: string, count: number) => new Date(Date.parse(day) + count * DAY).toISOString().slice(0, 10)

/** The days of an operator, both included. An empty text is an open end. */
export function daysMeant(
  operator: string,
  [first = '', second = '']: readonly string[],
  today: string,
): [string, string] | undefined {
  const n = Number(first)
  const monday = shifted(today, -((new Date(today).getUTCDay() + 6) % 7))
  const meant: Record<string, [string, string]> = {
    t: [today, today],
    w: [monday, shifted(monday, 7)],
    't+': [shifted(today, n || 0), shifted(today, n || 0)],
    '<t+': [today, shifted(today, n || 0)],
    '>t+': [shifted(today, n || 0), ''],
    't-': [shifted(today, -n || 0), shifted(today, -n || 0)],
    '>t-': [shifted(today, -n || 0), today],
    '<t-': ['', shifted(today, -n || 0)],
    '=d': [first, first],
    '<>d': [first, second],
  }
  return meant[operator]
}

const within = <T>(value: T, [from, to]: readonly [T | '', T | '']) =>
  (from === '' || value >= from) && (to === '' || value <= to)

/** Whether an operator of a strategy selects a row with these values; undefined for unknown operators. */
function picks(
  strategy: Known['strategy'],
  operator: string,
  held: readonly unknown[],
  values: readonly string[],
  today: string,
): boolean | undefined {
  if (operator === '*') return held.length > 0
  if (operator === '!*') return held.length === 0
  switch (strategy) {
    case 'list':
    case 'list_all':
    case 'list_optional': {
      const has = (value: string) => held.map(String).includes(value) || (value === '-1' && held.length === 0)
      if (operator === '=') return values.some(has)
      if (operator === '!') return !values.some(has)
      return operator === '&=' ? values.every(has) : undefined
    }
    case 'integer': {
      const number = Number(values[0])
      if (operator === '=') return held.some((one) => values.map(Number).includes(one as number))
      if (operator === '!') return !held.some((one) => values.map(Number).includes(one as number))
      if (operator === '>=') return held.some((one) => (one as number) >= number)
      return operator === '<=' ? held.some((one) => (one as number) <= number) : undefined
    }
    case 'boolean': {
      const isMeant = held.includes(true) === (values[0] === 't')
      return operator === '=' ? isMeant : operator === '!' ? !isMeant : undefined
    }
    case 'date': {
      const days = daysMeant(operator, values, today)
      return days && held.some((one) => within(String(one), days))
    }
    case 'datetime_past': {
      const instant = (text = '') => (text === '' ? ('' as const) : Date.parse(text))
      const moments = held.map((one) => Date.parse(String(one)))
      if (operator === '=d') {
        const start = instant(values[0]) as number
        return moments.some((one) => one >= start && one < start + DAY)
      }
      if (operator === '<>d') return moments.some((one) => within(one, [instant(values[0]), instant(values[1])]))
      const days = daysMeant(operator, values, today)
      return days && held.some((one) => within(dayOf(one), days))
    }
    case 'text':
    case 'string':
    case 'search': {
      if (operator === '~' || operator === '**') return holds(held, values[0])
      if (operator === '!~') return !holds(held, values[0])
      const isOne = values.some((value) => held.some((one) => fold(one) === fold(value)))
      return operator === '=' ? isOne : operator === '!' ? !isOne : undefined
    }
  }
}

/** A request of a filter that distinguishes elements, and those that it selects. */
export interface Case {
  readonly operator: string
  readonly values: readonly string[]
  readonly picked: readonly Element[]
}

/** The requests of a filter, and operators without a request or a judgement. */
export interface Judged {
  readonly cases: readonly Case[]
  readonly uncovered: readonly string[]
}

/**
 * Cases of a filter with each of its operators, each with selected and other elements.
 * @param most the number of cases for each operator
 */
export function casesOf<F extends Facts>(
  filter: Known,
  operators: readonly string[],
  {
    queryable,
    elements,
    facts,
    hint = {},
    most = 5,
  }: { queryable: Queryable; elements: readonly Element[]; facts: F; hint?: Hint<F> | undefined; most?: number },
): Judged {
  const property = declared(filter.key, queryable)
  const look = hint.of ?? property
  const cases: Case[] = []
  const uncovered: string[] = []
  for (const operator of operators) {
    const own = hint.means?.[operator]
    const judge = (element: Element, values: readonly string[]) =>
      own ? own(element, values, facts) : look && picks(filter.strategy, operator, look(element, facts), values, facts.today)
    if (!own && (!look || picks(filter.strategy, operator, [], ['1'], facts.today) === undefined)) {
      uncovered.push(`${operator}: the oracle knows no meaning of it`)
      continue
    }
    const pool = hint.values?.(facts) ?? (look ? elements.flatMap((one) => look(one, facts)) : [])
    const target = queryable.property.get(filter.key)?.to
    const made = hint.asked?.[operator] ?? candidates(filter.strategy, operator, [...new Set(pool)], target, facts)
    const asked = hint.single ? made.filter((values) => values.length <= 1) : made
    const judged = asked.map((values) => ({ operator, values, picked: elements.filter((one) => judge(one, values)) }))
    const telling = judged.filter(({ picked }) => picked.length > 0 && picked.length < elements.length)
    if (telling.length === 0 && !hint.alike?.[operator])
      uncovered.push(`${operator}: no value that elements have tells them apart`)
    if (telling.length > 0 && hint.alike?.[operator]) uncovered.push(`${operator}: does tell elements apart`)
    cases.push(...(telling.length > 0 ? spread(telling, most) : judged.slice(0, 1)))
  }
  return { cases, uncovered }
}

/** Some elements of a list, evenly distributed. */
const spread = <T>(list: readonly T[], most: number): T[] =>
  list.length <= most
    ? [...list]
    : Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))] as T)

/** Suitable values, from those of the elements. */
function candidates(
  strategy: Known['strategy'],
  operator: string,
  pool: readonly unknown[],
  target: string | undefined,
  { viewer, today }: Facts,
): string[][] {
  if (!takesValues(operator)) return [[]]
  const texts = pool.map(String)
  const sorted = texts.toSorted()
  const middle = sorted[Math.floor(sorted.length / 2)] ?? ''
  if (operator === '<>d')
    return [
      [sorted[0] ?? '', middle],
      [middle, sorted.at(-1) ?? ''],
      [middle, ''],
      ['', middle],
    ]
  if (operator === '=d') return sorted.map((one) => [one])
  if (/t[+-]$/.test(operator)) {
    const away = sorted.map((one) => (Date.parse(dayOf(one)) - Date.parse(today)) / DAY)
    return [0, 7, ...away.filter((one) => one !== 0 && one > 0 === operator.endsWith('+')).map(Math.abs)].map((one) => [
      String(one),
    ])
  }
  switch (strategy) {
    case 'boolean':
      return [['t'], ['f']]
    case 'integer': {
      const half = [String(Number(texts[0] ?? 1) + 0.5)]
      return operator.length === 1 ? [...texts.map((one) => [one]), texts.slice(0, 2)] : [...texts.map((one) => [one]), half]
    }
    case 'text':
    case 'search':
    case 'string': {
      if (operator === '=' || operator === '!') return [...texts.map((one) => [one]), texts.slice(0, 2)]
      return texts.flatMap((one) => {
        const words = one.split(/\s+/).filter((word) => word !== '')
        const last = words.at(-1) ?? ''
        return [[words.toReversed().join(' ')], [last.toUpperCase()], [last.slice(1, 5)]].filter(([text]) => text !== '')
      })
    }
    default: {
      const isPerson = target === 'User' || target === 'Principal'
      const me = isPerson && texts.includes(String(viewer)) ? [['me']] : []
      const none = target ? [['-1'], ['-1', ...texts.slice(0, 1)]] : []
      return [...me, ...texts.map((one) => [one]), ...none, texts.slice(0, 2), texts.slice(-2)]
    }
  }
}

/** Values that are invalid for every filter of a strategy with an operator. */
export function wrongValues(strategy: Known['strategy'], operator: string): string[][] {
  if (!takesValues(operator)) return []
  if (operator === '<>d') return [['soon', 'later'], ['2031-02-01'], []]
  if (operator === '=d') return [['soon'], ['2031-02-30'], ['']]
  if (/t[+-]$/.test(operator)) return [['soon'], ['-1'], []]
  if (strategy === 'boolean') return [['maybe'], ['t', 'f'], []]
  if (strategy === 'integer') return [['many'], ['0x10'], []]
  if (strategy === 'text' || strategy === 'string' || strategy === 'search') return [[''], [' '], []]
  return [['no such thing'], ['999999999'], []]
}
