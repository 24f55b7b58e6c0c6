-- ARGV: incarnation. Says what there is.
return { incarnation, text(position), text(count) }
