/** Descriptions of properties, links and actions that many resources share by name. */

/** Descriptions by name, unless the glossary of the resource has its own. */
const everywhere: Readonly<Record<string, string>> = {
  id: 'Id.',
  self: 'Link to this resource.',
  createdAt: 'Creation time.',
  updatedAt: 'Time of the last change.',
  lockVersion: 'Lock version. A write sends back the one it has read, so that it cannot overwrite a concurrent change.',
  position: 'Position among resources of its type, from 1.',
  color: 'Display colour, as #RRGGBB.',
  isDefault: 'Whether new resources get it by default.',
  update: 'The form for updating it: shows the writable properties and validates a payload. Present only if permitted.',
  updateImmediately: 'Updates it without a form. Present only if permitted.',
  delete: 'Deletes it. Present only if permitted.',
  schema: 'The schema: its properties, and which are writable.',
  attachments: 'List of its attachments.',
  addAttachment: 'Attaches a file to it. Present only if permitted.',
  prepareAttachment: 'Prepares a direct upload to the file store. Present only where clients can reach the store.',
  customActions: 'Custom actions available for it.',
  author: 'The user who created it.',
  ancestors: 'Its ancestors that the caller may see, root first.',
  children: 'Its children that the caller may see.',
  parent: 'Its parent.',
}

/** The description of a property: from the resource's glossary, from the shared one, or its label. */
export const meaningOf = (name: string, glossary: Readonly<Record<string, string>> | undefined, label?: string): string =>
  glossary?.[name] ?? (Object.hasOwn(everywhere, name) ? (everywhere[name] as string) : (label ?? name))
