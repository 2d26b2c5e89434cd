"""Everyday nouns that pictures show, singular, in groups that the rules tell apart; plurals are derived in lexicon.py."""

from __future__ import annotations

CORE_PEOPLE = frozenset(
    """man woman guy girl boy lady dude gentleman gal fella fellow bloke chap male female""".split()
)
"""People that hardly ever stand as the first half of a compound: "guy umbrella" is a guy with an umbrella."""

PEOPLE = CORE_PEOPLE | frozenset("""
person people human child kid baby infant toddler teen teenager adult grownup youth youngster preschooler tween
mom mommy mother mum dad daddy father parent grandma grandmother granny grandpa grandfather son daughter brother
sister sibling twin aunt uncle cousin nephew niece husband wife couple spouse bride groom bridesmaid groomsman family friend
buddy pal partner boyfriend girlfriend neighbor neighbour stranger somebody bystander onlooker pedestrian passenger
passerby commuter tourist traveler traveller visitor guest host hostess fan spectator viewer audience crowd crew
team player batter hitter slugger catcher pitcher umpire ump ref referee fielder outfielder infielder baseman shortstop
runner coach trainer goalie goalkeeper defender striker midfielder quarterback linebacker receiver athlete opponent
server boxer wrestler fighter skier snowboarder skateboarder skater surfer windsurfer swimmer diver paddler rower kayaker
biker cyclist bicyclist motorcyclist rider jockey racer driver pilot captain sailor conductor engineer mechanic
officer cop policeman policewoman police guard soldier marine sergeant cadet fireman firefighter paramedic doctor nurse
dentist surgeon patient vet lawyer judge teacher student pupil professor graduate scientist worker laborer employee boss
businessman businesswoman executive manager clerk cashier salesman saleswoman vendor seller shopper customer waiter
waitress bartender barista chef cook baker butcher farmer gardener cowboy cowgirl shepherd fisherman hunter hiker
camper climber jogger walker dancer singer musician guitarist drummer pianist violinist dj artist painter
photographer cameraman reporter journalist speaker presenter announcer magician clown mime performer actor actress
model celebrity king queen prince princess knight pirate ninja witch wizard zombie vampire ghost santa elf angel
monk priest nun pope bishop pastor rabbi president senator mayor politician leader chief veteran hero superhero villain
lifeguard maid butler janitor cleaner carpenter plumber electrician builder mover courier mailman postman
delivery barber hairdresser stylist tailor nanny babysitter hipster hippie gamer nerd geek punk bum beggar senior elder
individual member participant contestant competitor winner loser champion champ assistant volunteer helper instructor
blonde blond brunette redhead asian dwarf giant grandson granddaughter grandchild stepson ladybug
""".split()) - {"ladybug", "delivery"}  # fmt: skip

ANIMALS = frozenset("""
animal pet creature beast critter dog doggy doggie puppy pup pooch hound poodle terrier retriever labrador lab beagle
bulldog pug husky collie dachshund chihuahua corgi dalmatian boxer rottweiler shepherd mutt cat kitty kitten tabby calico
siamese lion lioness tiger leopard cheetah panther jaguar cougar lynx bobcat horse pony foal colt mare stallion mustang
donkey mule zebra giraffe elephant rhino rhinoceros hippo hippopotamus cow bull calf ox steer heifer cattle bison buffalo
yak antelope gazelle impala deer doe buck fawn elk moose reindeer caribou camel llama alpaca sheep lamb ram ewe goat
kid pig piglet hog boar bear cub panda koala kangaroo wallaby monkey ape gorilla chimp chimpanzee orangutan baboon lemur
sloth wolf fox coyote dingo hyena jackal raccoon skunk badger beaver otter weasel ferret mink squirrel chipmunk rabbit
bunny hare mouse rat hamster gerbil hedgehog porcupine mole seal walrus dolphin whale shark fish goldfish salmon trout
tuna koi eel ray stingray octopus squid crab lobster shrimp clam oyster jellyfish starfish turtle tortoise snake lizard
iguana gecko chameleon frog toad alligator crocodile gator dinosaur dragon unicorn bird birdie chick chicken hen rooster
turkey duck duckling goose gosling swan pigeon dove crow raven seagull gull pelican heron crane stork flamingo parrot
parakeet macaw cockatoo penguin ostrich emu peacock owl eagle hawk falcon vulture robin sparrow finch cardinal jay
woodpecker hummingbird toucan bee wasp hornet butterfly moth fly mosquito dragonfly beetle ladybug ant spider scorpion worm
snail slug caterpillar grasshopper cricket insect bug calves mammal reptile herd flock elmo
""".split()) - {"kid", "boxer", "shepherd", "elmo"}  # fmt: skip

CLOTHING = frozenset("""
shirt tshirt t-shirt tee blouse sweater sweatshirt hoodie hoody cardigan pullover jersey jacket coat overcoat raincoat
parka windbreaker blazer vest suit tuxedo tux dress gown skirt pants pant trousers jeans jean shorts short leggings tights
capris khakis slacks overalls overall romper jumpsuit uniform outfit costume robe bathrobe kimono pajamas pjs nightgown
apron bib scarf shawl poncho cape cloak veil tie necktie bowtie bow-tie belt suspenders sash glove mitten sock stocking
shoe sneaker boot sandal flipflop flip-flop heel slipper cleat loafer hat cap ballcap beanie beret visor helmet hood
headband bandana bandanna turban crown tiara headphone earphone earbud headset glasses sunglasses eyeglasses shades
sunglass goggles spectacles mask necklace bracelet earring watch wristwatch jewelry wetsuit swimsuit bikini trunks
bathing-suit swimwear underwear bra boxers panties lei badge lanyard wristband kneepad pad clothes clothing sleeve collar
hair beard mustache moustache goatee ponytail pigtail braid afro mohawk bangs dreads dreadlocks tattoo wig fedora sombrero
backpack plaid flannel polo tank camo turtleneck kilt sari tutu garter sarong hijab lipstick makeup
""".split())  # fmt: skip
"""Worn things, and hair and the like: "guy blue shirt" names the guy by them."""

BODY = frozenset("""
head face hair eye eyebrow ear nose mouth lip tongue tooth chin cheek forehead neck throat shoulder arm elbow forearm
wrist hand fist palm finger thumb fingertip knuckle fingernail nail chest torso body belly stomach tummy waist hip butt
bottom rear rump leg thigh knee calf shin ankle foot toe skin tail paw hoof claw wing beak feather fur mane trunk tusk
horn antler snout muzzle whisker udder hump fin flipper hindquarters hindquarter backside bum limb forehead
""".split()) - {"bottom", "rear"}  # fmt: skip

PARTS = frozenset("""
half wheel tire tyre handle window windshield door headlight taillight bumper mirror piece slice portion section part
segment quarter wedge third leg seat lid blade tip wing engine fender pedal armrest headrest drawer cushion layer
strap spout rim stem screen keyboard bun crust hood
""".split())  # fmt: skip
"""Parts that a thing owns: "sandwich left half", "bus front wheel"."""

PLACES = frozenset("""
side corner row edge end background foreground bg backgound foregound bkgd distance column line section area spot position
place quadrant direction margin middle center centre front back rear top bottom left right lefthand righthand
""".split())  # fmt: skip
"""Nouns of place: "left side, second cow" is about the cow."""

PICTURE = frozenset("pic picture photo photograph image frame screen shot scene view camera".split())

SUPPORTS = frozenset("""
shelf seat chair couch bench sofa table wall plate bed rack tray counter sink street road bunk step stair floor ground
grass field bowl basket box cart desk dresser cabinet stack pile lane track level tier deck bleacher mirror reflection
stand water beach sand snow sidewalk platform photo picture image pic
""".split())  # fmt: skip
"""Things that others stand on or in: after a leading preposition they are the place, not the target."""

THINGS = frozenset("""
thing stuff object item part one-piece piece bit slice half portion pair set bunch group pile stack row line cluster bundle
batch collection heap load roll strip chunk lump drop dot spot circle square triangle rectangle oval ring loop knot stripe
pattern shape shadow reflection silhouette outline edge end tip corner side surface hole crack gap opening entrance exit
car auto automobile sedan coupe convertible hatchback suv jeep van minivan truck pickup lorry semi trailer camper rv taxi
cab limo limousine bus coach trolley tram streetcar train locomotive engine caboose subway railcar boxcar bike bicycle cycle
motorcycle motorbike moped scooter vespa tricycle unicycle tandem chopper ambulance firetruck tractor bulldozer excavator
forklift crane tank wagon cart carriage buggy chariot sled sleigh snowmobile boat ship sailboat canoe kayak raft ferry
yacht barge tugboat rowboat dinghy gondola vessel submarine jetski plane airplane aeroplane aircraft jet airliner biplane
helicopter glider blimp balloon rocket drone parachute vehicle convoy
wheel tire windshield headlight bumper license plate mirror hood trunk wing propeller mast sail anchor oar paddle rudder
light lamp lantern bulb chandelier candle torch flashlight spotlight signal sign stoplight streetlight lamppost meter
hydrant post pole cone barrier barricade fence gate railing rail bench mailbox bin dumpster can trashcan garbage trash
recycling bridge tunnel road street highway sidewalk crosswalk curb path trail track tracks runway driveway alley lane
intersection parking lot garage bus-stop station platform dock pier harbor building house home cottage cabin hut barn shed
tent castle church temple tower skyscraper apartment hotel motel store shop market mall restaurant cafe bar school hospital
office factory warehouse stadium arena court pitch diamond dugout mound base plate field lawn yard garden park playground
fountain statue sculpture monument memorial flag banner poster billboard umbrella parasol canopy awning tarp
sky cloud sun moon star rainbow lightning smoke fire flame mountain hill cliff rock stone boulder pebble sand dirt mud soil
beach shore ocean sea lake pond river stream creek waterfall puddle water wave foam surf ice snow snowman slope island forest
woods jungle desert tree trunk branch limb twig log stump bush shrub hedge plant grass weed leaf flower rose tulip daisy
sunflower lily orchid petal stem vine ivy fern moss cactus palm pine bamboo bouquet hay straw seed pumpkin gourd
room bedroom bathroom kitchen hallway hall lobby closet attic basement balcony porch patio deck floor carpet rug mat tile
ceiling roof chimney wall brick corner doorway door doorknob knob handle lock key window windowsill sill blind blinds
curtain drape shade shutter stairs stair staircase step ladder escalator elevator furniture chair armchair recliner stool
highchair rocker sofa couch loveseat futon ottoman bench table nightstand desk counter countertop island bar bed bunk crib
cradle mattress pillow cushion blanket quilt comforter bedspread sheet towel washcloth headboard dresser drawer cabinet
cupboard shelf bookshelf bookcase rack stand wardrobe hanger hamper basket box crate carton chest container jar tin tub
bucket pail barrel keg vase pot planter urn bowl dish saucer platter tray cup mug glass goblet wineglass tumbler stein bottle
flask thermos pitcher jug carafe kettle teapot pan skillet wok lid spoon fork knife chopsticks chopstick spatula ladle tongs
whisk peeler grater opener corkscrew scissors utensil silverware cutlery napkin tablecloth placemat coaster straw
refrigerator fridge freezer stove oven microwave toaster blender mixer grill dishwasher sink faucet tap drain toilet urinal
bidet bathtub shower soap shampoo toothbrush toothpaste floss brush comb hairbrush hairdryer dryer razor washer iron vacuum
broom mop sponge duster plunger tissue
tv television monitor screen computer laptop notebook tablet ipad keyboard mouse mousepad printer scanner copier phone
cellphone smartphone iphone telephone receiver remote controller joystick gamepad wii wiimote nunchuck xbox playstation
console router modem speaker stereo radio headphones microphone mic camera camcorder lens tripod projector clock alarm timer
watch calculator battery charger cord cable wire outlet plug socket switch button fan heater radiator ac fireplace thermostat
book magazine newspaper paper page notebook notepad journal diary letter envelope card postcard stamp folder binder file
document map menu receipt ticket sticker label tag tape glue stapler pen pencil marker crayon chalk eraser ruler brush paint
painting picture photo photograph portrait poster drawing sketch art artwork canvas frame mural graffiti logo symbol writing
number letter word text
bag purse handbag backpack pack knapsack satchel briefcase suitcase luggage baggage duffel duffle tote pouch wallet sack
rucksack carryon stroller pram carseat wheelchair crutch cane stick pole umbrella lunchbox cooler
ball baseball basketball football soccer softball volleyball bat racket racquet glove mitt frisbee disc disk kite skateboard
board longboard snowboard surfboard skate ski skis sled puck goal net hoop helmet bow arrow target club golf tee dart cue
pool dumbbell weight treadmill trampoline swing slide seesaw sandbox ramp rail halfpipe trophy medal ribbon whistle
toy doll teddy puppet robot lego block puzzle game dice card chess checkers rattle pacifier balloon stuffie figurine figure
cartoon character mascot mannequin dummy scarecrow mario luigi elmo pikachu
instrument guitar piano violin cello drum flute trumpet saxophone trombone harp banjo ukulele harmonica accordion bell gong
gun rifle pistol sword spear shield hammer axe saw drill wrench screwdriver pliers nail screw bolt shovel rake hoe hose
sprinkler wheelbarrow lawnmower mower toolbox tool rope chain string thread yarn needle pin hook clip rubber band
food meal snack breakfast lunch dinner dessert buffet appetizer salad soup stew chili sandwich sub burger hamburger
cheeseburger hotdog sausage bacon ham steak meat beef pork chicken fish shrimp egg omelet omelette pancake waffle toast
bread bun roll bagel biscuit croissant muffin cupcake cake pie tart pastry donut doughnut cookie brownie cracker pretzel chip
popcorn candy chocolate gum lollipop sundae cone popsicle pudding jello jelly jam honey syrup butter margarine cheese
cream milk yogurt mayo mayonnaise ketchup mustard sauce gravy salsa dip hummus dressing vinegar oil salt pepper sugar spice
herb seasoning flour dough batter noodle pasta spaghetti macaroni lasagna pizza calzone taco burrito quesadilla nacho sushi
rice bean lentil tofu curry dumpling fry fries
fruit apple banana orange lemon lime grapefruit grape strawberry blueberry raspberry blackberry cherry peach pear plum apricot
mango pineapple melon watermelon cantaloupe kiwi coconut avocado fig date papaya pomegranate cranberry raisin nut peanut almond
walnut cashew berry vegetable veggie broccoli carrot cauliflower celery cucumber zucchini squash eggplant tomato potato yam
onion garlic scallion leek radish beet turnip cabbage lettuce spinach kale pea peas corn asparagus artichoke mushroom pickle
olive parsley cilantro basil mint sprout topping frosting icing sprinkles sprinkle crumb crust filling pepperoni
drink beverage juice soda coke pepsi pop lemonade tea coffee espresso latte cappuccino cocoa wine beer champagne whiskey
vodka cocktail martini smoothie milkshake shake liquid ice
wood metal steel iron brass copper glass ceramic leather fabric cloth cotton wool silk denim rubber cardboard paper foil
concrete cement brick marble tile
hand arm leg head face
plug lap skin view scene background foreground reflection shadow area section spot space place center zone
display sculpture decoration ornament wreath garland tinsel gift present package parcel wrapper ribbon bow party wedding
birthday christmas halloween easter parade game match race contest
booth kiosk stall counter register aisle tray cart shelf produce booth bleachers bleacher crate
ledge beam column pillar arch dome steeple spire gutter vent pipe duct hatch
skyline cityscape horizon valley canyon cave coast bay marina lighthouse windmill fairground ferris carousel rollercoaster
highrise suite suitcase wagon hut gazebo trellis birdhouse birdcage cage kennel leash collar harness saddle bridle rein
stirrup horseshoe trough bowl bone stable corral pen paddock pasture meadow enclosure exhibit zoo aquarium
handlebar handlebars kickstand pedal spoke windshield wiper antenna exhaust cab cockpit fuselage
tail nose teabag ipod pod dock usb cd dvd vhs record player album stereo cassette
cabinetry backsplash countertops toaster griddle rotisserie steamer strainer colander funnel jar canister shaker salt
board
pants suit outfit
kneeler pew altar cross crucifix candlestick candelabra
urn ashtray cigarette cigar pipe lighter match
stroller walker scooter segway rollerblade rollerskate unicycle
quilt afghan throw bedding linens linen
lampshade nightlight sconce fixture
wrist elbow knee
graph chart whiteboard blackboard chalkboard podium lectern stage curtain spotlight
ramp halfpipe bowl rail
bunting streamer confetti
slide jungle-gym swing swingset hammock
grill bbq barbecue picnic cooler
tarmac hangar jetway terminal gate
hubcap hubcaps mudguard fender grille
cot gurney stretcher bandage cast crutches
chess checkerboard domino
pennant scoreboard base dugout bullpen outfield infield bleachers stands
medal plaque
stool footstool barstool pouf beanbag
sandal skirt
bud blossom bulb
""".split()) - {"date"}  # fmt: skip

ING_NOUNS = frozenset("""
building painting ceiling railing ring king wing string thing swing spring sling awning topping frosting icing clothing
wedding lightning crossing drawing duckling gosling sibling stocking earring earing dumpling pudding dressing stuffing siding
molding wiring lighting carving viking evening morning seedling sapling herring starling opening marking lining
flooring decking scaffolding bedding legging offspring wrapping covering writing handwriting lettering filling parking
dining darling seating serving shaving shavings clearing fencing paneling padding piping plaything sing wing inning outing
sterling upholstering
""".split())  # fmt: skip
"""Words in -ing that are nouns unless someone is doing it ("man painting a wall")."""

ED_NOUNS = frozenset("""
bed sled shed seed weed reed moped steed bobsled toolshed flatbed flowerbed sunbed bunkbed newlywed speed feed breed
daybed deed kindred hundred
""".split())  # fmt: skip

EST_NOUNS = frozenset(
    "forest chest nest vest guest quest pest west crest harvest priest contest test rest breast".split()
)

LY_NOUNS = frozenset(
    "family belly jelly butterfly fly lily bully dolly assembly potbelly underbelly trolly supply".split()
)

IRREGULAR_PLURALS = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "ppl": "person", "folks": "person",
    "geese": "goose", "feet": "foot", "teeth": "tooth", "mice": "mouse", "oxen": "ox", "sheep": "sheep",
    "deer": "deer", "fish": "fish", "cattle": "cattle", "calves": "calf", "wolves": "wolf", "knives": "knife",
    "loaves": "loaf", "shelves": "shelf", "bookshelves": "bookshelf", "scarves": "scarf", "leaves": "leaf",
    "halves": "half", "hooves": "hoof", "elves": "elf", "wives": "wife", "gentlemen": "gentleman",
    "policemen": "policeman", "firemen": "fireman", "fishermen": "fisherman", "businessmen": "businessman",
    "snowmen": "snowman", "cacti": "cactus", "dice": "dice", "police": "police", "family": "family",
}  # fmt: skip

FALSE_POSSESSIVES = frozenset("""
mans womans mens womens childs childrens persons peoples ladys babys gentlemans policemans fishermans firemans everyones
someones elses sheeps deers snowmans
""".split())  # fmt: skip
"""Not words, or hardly so: an apostrophe was left out ("mans arm")."""

COMPOUNDS = frozenset(
    tuple(pair.split("_"))
    for pair in """
hot_dog hot_dogs hot_pad hot_tub polar_bear polar_bears grizzly_bear teddy_bear stuffed_animal stuffed_animals dining_table
dining_room dining_chair dining_tables living_room parking_meter parking_meters parking_lot parking_garage cutting_board
frying_pan mixing_bowl washing_machine baking_sheet baking_dish baking_pan rocking_chair rocking_horse swimming_pool
swimming_trunks shopping_cart shopping_bag shopping_bags sleeping_bag waiting_room skating_rink serving_tray serving_dish
serving_spoon measuring_cup rolling_pin walking_stick racing_bike fishing_pole fishing_boat fishing_rod hiking_boots
hiking_pole landing_gear bathing_suit bathing_suits running_shoes running_shoe riding_boots folding_chair folding_table
high_chair high_chairs hard_hat soft_drink bell_pepper sweet_potato french_fries french_fry french_toast french_bread
ice_cream white_board black_board dry_erase double_decker mini_van tank_top crop_top halter_top laptop_computer lap_top
desk_top counter_top table_top roof_top stove_top tree_top back_pack back_packs hand_bag remote_control remote_controls
cell_phone mobile_phone first_base second_base third_base home_plate left_field right_field left_fielder right_fielder
center_fielder flat_screen red_sox white_sox wet_suit wet_suits pick_up goal_post side_walk
sun_glasses tooth_brush tooth_brushes tooth_paste surf_board surf_boards skate_board skate_boards snow_board snow_boards
base_ball basket_ball foot_ball soccer_ball coffee_table end_table side_table guinea_pig sea_gull great_dane german_shepherd
golden_retriever ferris_wheel tea_kettle tea_pot black_berry blue_berries blue_berry blue_jay bald_eagle
drinking_fountain drinking_glass drinking_straw chewing_gum training_wheels training_wheel carving_knife dressing_room
dressing_table diving_board ironing_board changing_table cooking_pot cooking_pan wrapping_paper recycling_bin writing_desk
bowling_ball boxing_glove boxing_gloves sewing_machine vending_machine sailing_boat racing_car skating_board
big_ben rear_end bed_spread brussel_sprouts brussels_sprouts green_beans green_bean green_onion green_onions jet_ski
""".split()
)
"""Compounds whose first word is an adjective, a participle, a position or a verb elsewhere."""
