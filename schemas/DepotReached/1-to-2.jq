# A depot was called a place.
.depot = .place | del(.place)
