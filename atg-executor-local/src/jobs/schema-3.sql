-- Version 3 of job history: on whose behalf a job works, where that is another one. What it kept lies under that one's id.
CREATE TABLE behalf (
    job       INTEGER PRIMARY KEY REFERENCES job (number) ON DELETE CASCADE,
    outer_job TEXT NOT NULL                       -- the id that stays the same however often the work is begun again
);
