/** Kinds of values that only queries have, stored as text. */
import type { Kind } from '#kernel/declaration.ts'
import { FormatError, isStorable } from '#kernel/kinds.ts'
import { expectedTimestamps, NOW, readTimestamps } from '#kernel/read/timestamps.ts'
import { said } from '#text/messages.ts'

export const zoomLevels = ['auto', 'days', 'weeks', 'months', 'quarters', 'years'] as const
export const highlightingModes = ['inline', 'none', 'status', 'type', 'priority'] as const
export const displays = ['list', 'card'] as const
/** Attributes that can be highlighted. */
export const highlightable: readonly string[] = ['status', 'priority', 'dueDate']

/** Timestamps of a baseline comparison, as in the payload. */
export const timestampsKind: Kind = {
  type: '[]Timestamp',
  json: { type: 'array', items: { type: 'string' }, examples: [['PT0S']] },
  render: (text: string) => JSON.parse(text),
  parse: (value) => {
    const list = typeof value === 'string' ? value.split(',') : value
    if (Array.isArray(list) && list.length === 0) return JSON.stringify([NOW])
    const timestamps = Array.isArray(list) ? readTimestamps(list) : undefined
    if (!timestamps) throw new FormatError(said`an array of ${expectedTimestamps}`)
    return JSON.stringify(timestamps)
  },
  strategy: 'text',
}

const places = ['left', 'right', 'farRight'] as const

/** Labels beside the bars of a Gantt chart. */
export const labelsKind: Kind = {
  type: 'QueryTimelineLabels',
  json: {
    type: 'object',
    properties: Object.fromEntries(['left', 'right', 'farRight'].map((place) => [place, { type: ['string', 'null'] }])),
    examples: [{ farRight: 'subject' }],
  },
  render: (text: string) => JSON.parse(text),
  parse: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new FormatError(said`an object with left, right and farRight`)
    const labels = value as Record<string, unknown>
    const kept = places.filter((place) => Object.hasOwn(labels, place)).map((place) => [place, labels[place]] as const)
    if (!kept.every(([, label]) => label === null || (typeof label === 'string' && isStorable(label) && label.length < 256)))
      throw new FormatError(said`an object with texts as left, right and farRight`)
    return JSON.stringify(Object.fromEntries(kept))
  },
  strategy: 'text',
}
