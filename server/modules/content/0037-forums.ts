/** Forums of a project and the posts in them. */
export const forums = {
  name: '0037-forums',
  text: `
create table forums (
  id {id},
  project_id integer not null references projects (id),
  name text not null,
  description text,
  position integer,
  created_at {time} not null,
  updated_at {time} not null
);
create index forums_project on forums (project_id, position);

-- A reply has the first post of its thread as its parent.
create table posts (
  id {id},
  forum_id integer not null references forums (id),
  parent_id integer references posts (id),
  subject text not null,
  content text,
  author_id integer not null references principals (id),
  locked boolean not null default false,
  sticky boolean not null default false,
  created_at {time} not null,
  updated_at {time} not null,
  unique (id, forum_id),
  foreign key (parent_id, forum_id) references posts (id, forum_id)
);
create index posts_forum on posts (forum_id, created_at);
create index posts_parent on posts (parent_id, created_at);
create index posts_author on posts (author_id);
`,
}
