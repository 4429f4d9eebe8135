/** Widgets of grids, as the OpenAPI document describes them. */
import type { BodyType } from '#kernel/bodies.ts'

const line = (description: string) => ({ type: 'integer', minimum: 1, description })

export const bodies: Readonly<Record<string, BodyType>> = {
  GridWidget: {
    description: 'A widget of a grid. It takes the cells between its lines; the first cell is between the lines 1 and 2.',
    schema: {
      type: 'object',
      properties: {
        _type: { type: 'string', const: 'GridWidget' },
        id: {
          type: ['integer', 'null'],
          description: 'Id. In a write, a widget with an id changes the one that is there, a widget without an id is new.',
        },
        identifier: { type: 'string', description: 'Kind of the widget. The form has those that can be added to the page.' },
        startRow: line('Line where it begins, counted from the top.'),
        endRow: line('Line where it ends; greater than `startRow`.'),
        startColumn: line('Line where it begins, counted from the left.'),
        endColumn: line('Line where it ends; greater than `startColumn`.'),
        options: {
          type: 'object',
          additionalProperties: true,
          description:
            'Options of its kind. `queryId` is the id of a saved query that the widget shows, null where the caller may not see it; `text` of a `custom_text` is formattable. Others are kept as they are sent.',
        },
      },
    },
    example: {
      _type: 'GridWidget',
      id: 7,
      identifier: 'news',
      startRow: 1,
      endRow: 2,
      startColumn: 1,
      endColumn: 2,
      options: { name: 'News' },
    },
  },
}
