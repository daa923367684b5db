"""Room: engine.common_words. The commonest English words: a span of nothing but these is never taken for a name. Words only."""

_WORDS = """
a about above across after again against all almost along already also although always am among an and another any
anybody anyone anything are around as ask asked at away back be because become been before began being below best better
between big both but by call called came can can't cannot case come comes coming could couldn't country course day days
did didn't different do does doesn't doing don't done down during each early either else end enough even ever every
everybody everyone everything fact far few find first five for found four from full gave get gets getting give given go
goes going gone good got great group had half hand happened hard has have having he he'd he's her here here's hers
herself high him himself his home house how however hundred i i'd i'll i'm i've idea if important in into is isn't it
it'd it'll it's its itself just keep kind knew know known large last late later least left less let let's life like line
little long look looked looking lot made main make makes making man many may maybe me mean means men might mind mine
more most mr mrs much must my myself name near need needs never new next nine no nobody none nor not nothing now number
of off often oh okay old on once one ones only open or order other others our ours out over own paper part past people
perhaps place point possible present probably put quite rather real really right room run said same saw say says second
see seem seemed seen set several shall she she'd she's should show side since six small so some somebody someone
something sometimes soon still stop such sure system take taken takes talk tell ten than thank that that's the their
them themselves then there there's these they they'd they'll they're they've thing things think third this those though
thought thousand three through time times to today together told too took toward turn turned two uh um under until up
upon us use used using usually very want wanted was wasn't water way ways we we'd we'll we're we've week weeks well went
were weren't what what's when where whether which while white who who's whole whom whose why will with within without
woman women won't word words work worked world would wouldn't write year years yes yesterday yet you you'd you'll you're
you've young your yours yourself zero eight seven
"""

COMMON = frozenset(_WORDS.split())
