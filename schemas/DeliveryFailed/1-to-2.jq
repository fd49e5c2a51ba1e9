# Reasons were plain words, and one of them was another word.
.reason |= {kind: (if . == "absent" then "nobody_home" else . end)}
