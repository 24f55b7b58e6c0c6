-- ARGV: 32 random digits. Says what there is.
return { text(position), text(count), last }
