/** Reactions, and payloads of comments, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'
import { emojis } from './reactions.ts'

const reaction = { type: 'string', enum: Object.keys(emojis), description: 'Name of the reaction.' }

const files = {
  type: 'object',
  properties: { attachments: { type: 'array', items: ref('Link'), description: 'Attachments of the comment.' } },
}

export const bodies: Readonly<Record<string, BodyType>> = {
  EmojiReaction: {
    description: 'A reaction to a comment, and the users who chose it.',
    schema: hal(
      'EmojiReaction',
      {
        id: { type: 'string', description: 'The id of the comment and the reaction.' },
        reaction,
        emoji: { type: 'string', description: 'The emoji.' },
        reactionsCount: { type: 'integer', description: 'Number of users who chose it.' },
        firstReactionAt: { type: 'string', format: 'date-time', description: 'Time of the first reaction.' },
      },
      {
        reactable: ref('Link', 'The comment.'),
        reactingUsers: { type: 'array', items: ref('Link'), description: 'Users who chose it, in the order of their reactions.' },
      },
    ),
    example: {
      _type: 'EmojiReaction',
      id: '42-thumbs_up',
      reaction: 'thumbs_up',
      emoji: '👍',
      reactionsCount: 1,
      firstReactionAt: '2026-03-02T09:30:00.000Z',
      _links: {
        self: { href: '/api/v3/emoji_reactions/42-thumbs_up' },
        reactable: { href: '/api/v3/activities/42' },
        reactingUsers: [{ href: '/api/v3/users/5', title: 'Vera Example' }],
      },
    },
  },

  EmojiReactionWrite: {
    description: 'The reaction to toggle.',
    schema: { type: 'object', required: ['reaction'], properties: { reaction } },
    example: { reaction: 'thumbs_up' },
  },

  CommentWrite: {
    description: 'A comment.',
    schema: {
      type: 'object',
      required: ['comment'],
      properties: {
        comment: {
          type: 'object',
          description: 'The comment.',
          required: ['raw'],
          properties: { raw: { type: 'string', description: 'Text in markdown.' } },
        },
        internal: {
          type: 'boolean',
          description: 'Whether the comment is internal: visible with a permission only. False where absent.',
        },
        _links: files,
      },
    },
    example: { comment: { raw: 'The mast is **up**. @Vera Example, would you look at it?' }, internal: false },
  },

  CommentCorrection: {
    description: 'The new text of a comment.',
    schema: {
      type: 'object',
      properties: { comment: { type: 'string', description: 'Text in markdown: a string, not an object.' }, _links: files },
    },
    example: { comment: 'The mast is **up**, and so is the flag.' },
  },
}
