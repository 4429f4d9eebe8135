/** Choices of list fields. */
import { resource } from '#kernel/resource.ts'
import { within } from '#kernel/rules.ts'
import { seenFields } from './definitions.ts'

export const CustomOption = resource('CustomOption', 'custom_options', {
  path: 'custom_options',
  title: 'value',
  held: 'all',
  order: { column: 'position' },
  visible: within(seenFields, 'custom_field_id'),
  properties: ({ text, integer }) => ({ id: integer(), value: text() }),
  operations: ['show'],
})
