"""What is kept: one SQL database, SQLite or PostgreSQL, that one process owns.

`database` opens it, brings its tables up to date and commits; `schema` has the tables; `shelf` is the configuration in
memory, written through; `contacts` reads what is known of contacts; `seal` hides what is secret in it.
"""
