/** What properties, links and actions mean that many resources have under the same name. */

/** By name, where the resource's own glossary says nothing else. */
const everywhere: Readonly<Record<string, string>> = {
  id: 'The number by which it is addressed.',
  self: 'Its own address.',
  createdAt: 'When it was created.',
  updatedAt: 'When it was last changed.',
  lockVersion: 'Counts its changes. A write repeats the one it has read, so that nobody’s change is overwritten unseen.',
  position: 'Its place among its kind, from 1.',
  color: 'The colour that people see it in, as #RRGGBB.',
  isDefault: 'Whether it is what something new has unless told otherwise.',
  update: 'The form for changing it: tells what can be written, and tries it out. There only for those who may.',
  updateImmediately: 'Changes it at once. There only for those who may.',
  delete: 'Removes it. There only for those who may.',
  schema: 'What its properties are, and what can be written.',
  attachments: 'The list of the files attached to it.',
  addAttachment: 'Attaches a file to it. There only for those who may.',
  prepareAttachment:
    'Prepares an upload that goes to the store directly. Only where files lie in a store that clients can reach.',
  customActions: 'The custom actions that are offered for it.',
  author: 'Who created it.',
  ancestors: 'What it lies below, its root first, as far as the caller may see it.',
  children: 'What lies directly below it, as far as the caller may see it.',
  parent: 'What it lies below.',
}

/** What something is: in the words of the resource, in those that all share, or as people call it. */
export const meaningOf = (name: string, glossary: Readonly<Record<string, string>> | undefined, label?: string): string =>
  glossary?.[name] ?? (Object.hasOwn(everywhere, name) ? (everywhere[name] as string) : (label ?? name))
