"""What the demo world is made of: businesses, people, merchants. No business, person or merchant of these exists."""

from dataclasses import dataclass

BUSINESSES = (  # (slug, name, business type, trade)
    ("kestrel", "Kestrel Freight Lines, Inc.", "company", "freight"),
    ("marigold", "Marigold Bakery Group, Inc.", "company", "food"),
    ("saltmarsh", "Saltmarsh Produce Co-op", "company", "food"),
    ("tidewater", "Tidewater Plumbing & Heating", "company", "building"),
    ("bramble", "Bramble & Finch Florists", "company", "shop"),
    ("northfork", "North Fork Timber Framing", "company", "building"),
    ("cobalt", "Cobalt Row Software, Inc.", "company", "office"),
    ("juniper", "Juniper Ridge Dental PLLC", "company", "office"),
    ("redwing", "Redwing Courier Service", "company", "freight"),
    ("hollis", "Hollis Street Architects", "company", "office"),
    ("pemberton", "Pemberton Catering Company", "company", "food"),
    ("granite", "Granite State Electric Supply", "company", "building"),
    ("wren", "Wren & Daughters Upholstery", "company", "shop"),
    ("larkspur", "Larkspur Event Rentals LLC", "company", "shop"),
    ("fathom", "Fathom Survey Partners", "company", "office"),
    ("copper", "Copper Kettle Diners, Inc.", "company", "food"),
    ("elmwood", "Elmwood Veterinary Clinic", "company", "office"),
    ("prairie", "Prairie Wind Solar Installers", "company", "building"),
    ("sable", "Sable Point Charters", "company", "travel"),
    ("thistle", "Thistledown Textiles", "company", "shop"),
    ("union", "Union Wharf Shipfitters", "company", "building"),
    ("vesper", "Vesper Lane Productions", "company", "travel"),
    ("alder", "Alder Creek Landscaping", "company", "building"),
    ("quarry", "Quarry Road Bicycles", "company", "shop"),
    ("foxglove", "Foxglove Pharmacy Group", "company", "shop"),
    ("mesa", "Mesa Verde Tour Company", "company", "travel"),
    ("halloran", "Halloran Letterpress", "individual", "shop"),
    ("heron", "Blue Heron Landscaping", "individual", "building"),
    ("okafor", "Okafor Bookkeeping", "individual", "office"),
    ("delaney", "Delaney Piano Tuning", "individual", "travel"),
    ("osprey", "Osprey Courier Collective", "non_profit", "freight"),
    ("lantern", "Lantern Street Theatre", "non_profit", "travel"),
    ("harborlight", "Harborlight Food Bank", "non_profit", "food"),
    ("verbena", "Verbena Home Care LLC", "company", "office"),
    ("tamarack", "Tamarack Roofing Co.", "company", "building"),
    ("bluestem", "Bluestem Grain Exchange", "company", "food"),
    ("pell", "Pell & Ashgrove Surveyors", "company", "office"),
    ("quillback", "Quillback Marine Supply", "company", "shop"),
    (
        "chattahoochee",
        "The Greater Chattahoochee Valley Mobile Veterinary and Large Animal Emergency Care Cooperative of Western "
        "Georgia",
        "company",
        "travel",
    ),
    ("lowell", "Lowell Canal Ironworks", "company", "building"),
)
# fmt: off
FIRST = (
    "Marta", "Ines", "Ruben", "Noor", "Odile", "Priya", "Amara", "Beatrix", "Tomasz", "Ingrid", "Wilhelmina",
    "Dolores", "Malik", "Hana", "Giorgio", "Yusuf", "Clara", "Winston", "Leila", "Anders", "Rosa", "Dmitri",
    "Aoife", "Kenji", "Paloma", "Samuel", "Ngozi", "Viktor", "Esther", "Mateo", "Freya", "Ibrahim", "Lucia",
    "Desmond", "Sofia", "Elliot", "Nadia", "Oscar", "Greta", "Felix"
)
LAST = (
    "Ilves", "Achterberg", "Haddad", "Marchetti", "Raghunathan", "Okonkwo", "Halloran", "Solheim", "Whitfield",
    "Castellanos", "Brandt", "Nakamura", "Delacroix", "Oyelaran", "Petrov", "Lindqvist", "Moreau", "Tanaka",
    "Abernathy", "Ferreira", "Kowalski", "Sorensen", "Mbeki", "Rossi", "Gallagher", "Yilmaz", "Novak", "Vasquez",
    "Eriksen", "Caldwell", "Iyer", "Hawthorne", "Duarte", "Fitzgerald", "Osman", "Bergstrom", "Quintero",
    "Larkin", "Adeyemi", "Voss"
)
# fmt: on
CITIES = (
    ("Savannah", "GA", "31401"),
    ("Portland", "ME", "04101"),
    ("Duluth", "MN", "55802"),
    ("Asheville", "NC", "28801"),
    ("Tacoma", "WA", "98402"),
    ("Lowell", "MA", "01852"),
    ("Santa Fe", "NM", "87501"),
    ("Dayton", "OH", "45402"),
)


@dataclass(frozen=True)
class Shop:
    """Where cards are used: Stripe's category, names, and what an authorization costs there (cents, least and most)."""

    category: str
    names: tuple[str, ...]
    least: int
    most: int


FUEL = Shop("automated_fuel_dispensers", ("Pinecone Fuel 114", "Route 9 Truck Stop", "Bayside Gas"), 38_00, 240_00)
MEALS = Shop("eating_places_restaurants", ("The Copper Ladle", "Nine Elms Cafe", "Harbor Noodle House"), 9_50, 84_00)
STATIONERY = Shop(
    "stationery_stores_office_and_school_supply_stores", ("Paperwright Supply", "Deskmate"), 11_00, 160_00
)
SOFTWARE = Shop("computer_software_stores", ("Ledgerline", "Mapwright Cloud", "Sketchbench"), 12_00, 290_00)
HARDWARE = Shop("hardware_stores", ("Ironmonger & Sons", "Fastener Depot", "Millrace Hardware"), 8_00, 310_00)
LUMBER = Shop("lumber_building_materials_stores", ("Cedar Yard", "Tri-County Lumber"), 60_00, 880_00)
GROCERY = Shop("grocery_stores_supermarkets", ("Green Basket Market", "Farmgate Wholesale"), 24_00, 420_00)
WHOLESALE = Shop("wholesale_clubs", ("Bulkhouse Club", "Granary Wholesale"), 70_00, 640_00)
PARKING = Shop("parking_lots_garages", ("Center Street Garage", "Park & Stay 22"), 4_00, 38_00)
HOTEL = Shop("hotels_motels_and_resorts", ("Hotel Meridian", "The Anchor Inn"), 118_00, 560_00)
RAIL = Shop("passenger_railways", ("Coastline Rail", "Midland Railways"), 22_00, 190_00)
AIR = Shop("airlines_air_carriers", ("Skylark Air", "Great Lakes Airways"), 140_00, 690_00)
TIRES = Shop("automotive_tire_stores", ("Roadhold Tires", "Axle & Tread"), 90_00, 780_00)
PHONE = Shop("telecommunication_services", ("Clearline Mobile", "Valley Fiber"), 35_00, 210_00)
FURNITURE = Shop("office_and_commercial_furniture", ("Standing Desk Works", "Loft & Beam"), 120_00, 900_00)
DRINKS = Shop("drinking_places", ("The Tilted Barrel", "Nightjar Bar"), 14_00, 120_00)
SHOPS = {  # what a trade buys, the commonest first
    "freight": (FUEL, FUEL, FUEL, TIRES, MEALS, PARKING, HOTEL, PHONE),
    "food": (GROCERY, GROCERY, WHOLESALE, WHOLESALE, HARDWARE, FUEL, STATIONERY),
    "building": (HARDWARE, HARDWARE, LUMBER, LUMBER, FUEL, FUEL, MEALS, PHONE),
    "shop": (WHOLESALE, STATIONERY, STATIONERY, FURNITURE, HARDWARE, PHONE, FUEL),
    "office": (SOFTWARE, SOFTWARE, STATIONERY, MEALS, FURNITURE, RAIL, PHONE),
    "travel": (HOTEL, AIR, RAIL, MEALS, MEALS, FUEL, PARKING, SOFTWARE),
}
