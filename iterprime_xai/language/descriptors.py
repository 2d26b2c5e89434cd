"""Words that describe or do: colours, adjectives, verbs and their forms, as they occur in referring phrases."""

from __future__ import annotations

COLOURS = frozenset("""
red blue green yellow orange purple pink brown black white gray grey tan beige maroon burgundy crimson scarlet magenta
violet indigo turquoise teal cyan aqua navy khaki gold golden silver cream ivory blonde blond brunette ginger auburn
bronze mauve lavender lilac fuchsia reddish bluish greenish yellowish whitish blackish brownish pinkish grayish greyish
orangish colored coloured colorful colourful multicolored multicolor multi-colored rainbow redish blk wht grn blu brwn
blak greyed pinks yellowy
""".split()) - {"pinks"}  # fmt: skip

COLOUR_NOUNS = frozenset("orange peach cream lime rose olive salmon ginger gold silver blonde blond brunette".split())
"""Words that are a colour before a noun and a thing elsewhere ("the orange on top")."""

COLOUR_MODIFIERS = frozenset("""
lime navy sky baby hot army forest olive jet snow cherry fire blood mint rose dirty strawberry charcoal ice royal neon lemon
chocolate sea ocean lavender pea salt coffee wine midnight electric powder kelly emerald hunter cobalt steel slate brick
rust coral salmon mustard candy
""".split())  # fmt: skip
"""Nouns that shade a colour: "lime green shirt"."""

ADJECTIVES = frozenset("""
big large huge giant enormous massive gigantic tall high long wide broad thick fat chubby heavy great grand full plump
small little tiny mini miniature short low narrow thin skinny slim slender petite lean wee itty bitty teeny lil
old young new elderly ancient antique vintage modern newborn youngish middle-aged middleaged adult male female juvenile
bright dark light pale dim clear transparent see-through translucent shiny glossy matte dull faded vivid neon pastel
shadowy sunny cloudy foggy blurry blurred fuzzy hazy sharp visible hidden invisible obscured partial complete
round square rectangular circular oval triangular flat curved straight crooked bent pointy pointed angled diagonal
horizontal vertical upright upside-down upsidedown sideways slanted tilted crossed open closed shut empty bare half-full
hot cold warm cool wet dry damp frozen icy snowy muddy dusty dirty clean messy neat tidy cluttered rusty rusted broken
cracked worn torn ripped ragged damaged fresh rotten ripe unripe raw cooked burnt crispy crunchy juicy sweet sour salty
spicy creamy cheesy greasy yummy delicious tasty toasted
hard soft smooth rough bumpy fluffy furry hairy woolly wooly shaggy scruffy curly wavy spiky bald bushy puffy frizzy
wooden metallic plastic golden silvery leafy grassy rocky sandy stony mossy woody glassy
pretty beautiful ugly cute handsome adorable hot lovely nice good bad best worst better worse fancy plain simple
weird strange odd funny silly goofy crazy creepy scary cool awesome happy sad angry mad sleepy tired hungry bored
curious scared serious excited playful lazy grumpy surprised shocked drunk busy friendly mean evil
alive dead asleep awake alone lone lonely single double triple multiple extra other same different similar matching
identical opposite another main primary major whole entire partial sole only separate individual original usual normal regular
common rare special unusual random certain real fake artificial live actual
near far close distant further farther nearby adjacent inner outer side-by-side next-to-last
naked nude shirtless topless barefoot bearded hooded sleeveless strapless hatless
empty-handed red-haired dark-haired blond-haired blonde-haired long-haired short-haired gray-haired grey-haired
black-haired brown-haired brunette
asian african american indian chinese japanese mexican caucasian european british french italian german russian
hispanic arab muslim jewish
striped stripy stripey spotted dotted polka-dot polka-dotted checkered checked plaid floral flowery patterned paisley
spotty camouflage camo tie-dye tie-dyed solid printed
expensive cheap free official formal casual professional amateur electric electronic digital mechanical manual automatic
portable wireless public private local national foreign
quiet loud fast slow quick early late
strong weak muscular fit athletic pregnant sick healthy injured disabled blind deaf
visible see-thru legible
ready able available possible
barely-visible cut-off cutoff chopped-off partially-visible
sunburned sunburnt tan suntanned
overweight obese stocky bulky buff
leftover rear-facing parallel perpendicular
domestic wild tame stray feral
uneaten unlit unlocked unmade untouched unopened unused unpeeled uncut
vacant unoccupied occupied
flying-saucer
sheer lacy frilly silky velvety
steep shallow deep
snow-covered
gloomy stormy rainy windy
sexy gay straight
ajar askew aglow ablaze afloat aboard
frosty glittery sparkly glowing
gooey sticky slimy mushy soggy
medium medium-sized midsize mid-sized average smallish largish biggish tallish
overhead overhanging
secondary
fluorescent luminous
ornate decorative fancy intricate elaborate
sturdy flimsy fragile delicate
lit well-lit
tiled paved cobbled
bony boney bulgy saggy droopy floppy perky
smiley
oblong conical cylindrical spherical cubic
jagged rugged naked wicked aged ragged
polar teensy oversized undersized
lefty
topmost
twin
pinstriped pinstripe
nearside offside
handheld hand-held
oily smelly wrinkly holy jolly upside teenage extreme
""".split()) - {"topmost", "twin", "flying-saucer", "lefty", "only"}  # fmt: skip

COMPARATIVES = frozenset("""
bigger larger smaller taller shorter longer wider thicker thinner fatter skinnier higher older younger newer darker lighter
brighter closer nearer farther further better worse cleaner dirtier fuller emptier rounder straighter curlier hairier
happier sadder prettier uglier nicer heavier fluffier furrier redder greener bluer whiter blacker browner elder littler
""".split())  # fmt: skip

SUPERLATIVES = frozenset("""
biggest largest smallest tallest shortest longest widest thickest thinnest fattest skinniest highest lowest oldest youngest
newest darkest lightest brightest closest nearest farthest furthest best worst cleanest dirtiest fullest emptiest roundest
littlest tiniest prettiest ugliest cutest happiest hairiest heaviest fluffiest furthermost farthermost closet-most
""".split()) - {"closet-most"}  # fmt: skip

ADJECTIVE_OR_NOUN = frozenset("""
adult male female blonde blond brunette asian african american indian hispanic elderly giant square oval plaid camo plastic
twin individual senior newborn dwarf original special mini fake single double
""".split())  # fmt: skip
"""A noun when no noun follows ("female on left"), an adjective otherwise ("female skier")."""

INTRANSITIVE = frozenset("""
sit stand sleep run jump smile fly lay lie walk cry graze float hang burn move gallop squat kneel crouch lean fall swim surf
skate ski snowboard skateboard laugh yawn dance jog rest relax lounge nap snooze sprint trot hop skip dive bow bend squint
frown grin glow shine hover land stroll wander wait work sail crawl climb bike cycle bounce slide spin lurk loom crash
roar bark chirp hide rise soar perch roost trail bloom blossom steam boil melt drip slouch slump recline stoop pose
pout stare snowboarding wave wink blink sunbathe loiter
""".split())  # fmt: skip
"""Verbs whose -ing form before a noun describes it: "sleeping cat"."""

HOLDING = frozenset("wear hold carry have show display use sport don flaunt brandish grip grasp clutch".split())
"""Verbs whose -ing form before a noun takes it as object: "wearing glasses"."""

TRANSITIVE = frozenset("""
eat drink ride play touch face look drive pull push cut talk read throw catch hit swing pet feed brush lead kick watch grab
open close cook bake serve pour fill make build paint draw write type text call photograph point reach bite chew lick
sniff smell nuzzle hug kiss cuddle embrace snuggle follow chase lift raise lower drag tow load unload park ride board enter exit
leave cross pass block cover wash clean wipe sweep mop dry comb shave cut chop slice peel stir mix pick drop put place set
bring take give hand get receive buy sell order pay check examine inspect study view see observe admire guard protect
operate control steer fix repair tie untie zip button strap wrap unwrap pack unpack bat pitch toss fling launch shoot aim
field block tackle tag steal slide serve return volley dribble pass dunk score ollie grind perform do try attempt begin start
stop finish help teach learn listen speak sing hum whistle blow suck sip taste enjoy prepare get gather collect
attach connect support surround contain include overlook line top share shake peek peer glance gaze gesture
sniff scratch rub stretch flap spread twist turn rotate tilt tip flip roll rock knit sew iron fold groom saddle milk herd
lasso mount fly wade splash paddle row steer
adjust advertise approach cast celebrate cheer compete dangle deliver dig dip direct discuss
exercise explore extend fight flex giggle go come graduate greet grow hike hunt interact join keep kneel
like love live make march mow navigate nibble nurse offer officiate participate
pee perform plug poke practice present press prop purchase ram rear remove rest search seem appear
sneak spray squeeze stack stay stick stomp strike sunbathe swat swim talk think toss travel tuck umpire use visit vacuum
wade want warm water weigh wheel wind wipe wrestle
""".split())  # fmt: skip

DOUBLING = frozenset("""
sit run hit cut put swim jog skip hop hug pet chop grab clap drag drip drop flip fit flap hum nap nod pat pin plan plug pop
rip rub set shop shut skid slip slap snap spin split squat stop strap strip sip tag tap tip trim trip trot tug wag wrap win
zip beg dig get step stir spot knit mop scrub swat ram bat stun
""".split())  # fmt: skip

IRREGULAR_PARTICIPLES = frozenset("""
held worn cut eaten broken bitten torn taken hidden driven ridden drawn written shown thrown caught hit hung bent built fed
led lit sat stood slept laid lain left made sold bought brought brushed stuck struck split spread spilt burnt dug drunk fallen
flown frozen given gone grown kept known lost met paid put read risen run sawn seen sent set shaken shot shut slid spun stolen
strung sung sunk swept swollen swung told wound woven wrung blown chosen born bound fought found forgotten melted overgrown
outstretched rolled undone dressed clad made-up half-eaten uneaten shown
""".split()) - {"left", "run", "lit"}  # fmt: skip

PAST_ONLY = frozenset(
    "wore ate broke bit tore took drove rode drew wrote threw gave grew rose shook flew blew chose fell".split()
)

LINKING_PARTICIPLES = frozenset("""
covered striped filled shaped colored coloured patterned printed topped flavored dotted checkered framed handled sized haired
sleeved footed glazed coated frosted dipped stained bound lined based looking lidded stuffed wrapped headed legged
themed roofed tiled wheeled drawn collared rimmed trimmed crusted powered painted tinted skinned spotted edged faced
""".split())  # fmt: skip
"""Participles that take the noun before them and describe the noun after: "chocolate covered donut"."""

STANDING_PARTICIPLES = frozenset("""
parked seated sitting standing lying laying placed located positioned sat stood perched kneeling crouching crouched leaning
stopped resting sleeping waiting walking hanging left stationed docked floating
""".split())  # fmt: skip
"""After these, "by" is a place; after other participles it names who does it ("held by")."""

NOT_SPATIAL_VERBS = frozenset(
    "looking facing pointing turned turning look looks faces staring gazing leaning swinging".split()
)
"""A direction after these is where someone turns, not where they are."""

IMPERATIVES = frozenset("""
find locate select choose identify highlight segment detect pick show point click look mark circle box tap touch spot get
give see press draw track grab outline ground take tell hit
""".split())  # fmt: skip

SURE_IMPERATIVES = frozenset("find locate select choose identify highlight segment detect click".split())
"""Openers that are hardly ever a noun: "find car"; the others need "the", "me" or "to" after them."""
