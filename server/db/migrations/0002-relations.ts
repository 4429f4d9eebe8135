/** Relations between work packages, besides their hierarchy. */
export const relations = `
create table relations (
  id {id},
  -- Of the two spellings of a directed type only one is stored: who follows, blocks, duplicates, includes or requires is "from".
  from_id integer not null references work_packages (id) on delete cascade,
  to_id integer not null references work_packages (id) on delete cascade,
  relation_type text not null,
  lag integer,
  description text,
  created_at {time} not null,
  updated_at {time} not null
);
-- One relation per pair, whichever way round. It also finds what goes out from a work package.
create unique index relations_from on relations (from_id, to_id);
create unique index relations_pair on relations (
  (case when from_id < to_id then from_id else to_id end), (case when from_id < to_id then to_id else from_id end)
);
create index relations_to on relations (to_id, relation_type, from_id);
`
