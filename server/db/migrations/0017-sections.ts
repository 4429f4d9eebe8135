/** Project attributes are shown in sections. */
export const sections = `
-- The heading under which a field of projects is shown; those without one share one.
alter table custom_fields add column section text;
`
