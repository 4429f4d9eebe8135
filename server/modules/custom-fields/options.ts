/** Options of list fields. */

import { within } from '#kernel/access/rules.ts'
import { resource } from '#kernel/resource.ts'
import { seenFields } from './definitions.ts'

export const CustomOption = resource('CustomOption', 'custom_options', {
  path: 'custom_options',
  description: 'An option of a list custom field.',
  glossary: {
    value: 'Display name.',
  },
  example: { id: 14, value: 'Oak' },
  title: 'value',
  cached: 'all',
  order: { column: 'position' },
  visible: within(seenFields, 'custom_field_id'),
  properties: ({ text, integer }) => ({ id: integer(), value: text() }),
  operations: ['show'],
})
