/** Help texts of attributes. A text of a custom field names the field by a column as well, by which it is seen. */
export const helpTexts = {
  name: '0039-help-texts',
  text: `
create table help_texts (
  id {id},
  scope text not null default 'WorkPackage',
  attribute text not null,
  caption text,
  help_text text,
  -- Emptied by the removal of the field; the text follows in the same transaction.
  custom_field_id integer references custom_fields (id) on delete set null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index help_texts_attribute on help_texts (scope, attribute);
create index help_texts_custom_field on help_texts (custom_field_id);
`,
}
