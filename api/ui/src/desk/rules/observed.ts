/** The observation kinds that the hub itself knows; others may be written too. A test holds them against its schema. */

export const OBSERVED = (
  "air_pressure alarm.rate alert.reopened alert.resolved arc arming battery battery_low broker.health button " +
  "cable_temperature camera.animal camera.bicycle camera.child_near_water camera.climbing camera.collision " +
  "camera.congestion camera.count camera.crossing camera.crowd camera.fire camera.health camera.left_object " +
  "camera.mover camera.panic camera.people camera.person camera.person_down camera.plate camera.recording " +
  "camera.removed_object camera.review camera.running camera.smoke camera.vehicle camera.view_blurred " +
  "camera.view_covered camera.view_dark camera.view_frozen camera.view_glare camera.view_moved camera.wrong_way " +
  "camera.zones_out_of_place co co2 door fall fault fill fire_call fire_panel flame gas gateway.health heat " +
  "hub.analysis hub.clock hub.disk hub.recordings hub.rules humidity illuminance incident mains motion noise " +
  "notices.health notifier.health ph phone_sos pm10 pm25 power power_use presence rain resident.away " +
  "resident.back resident.ok resident.report residual_current road_water sensor.clock sensor.health sensor.rate " +
  "sensor.values smoke sos speed switch tamper temperature tilt turbidity vibration voc water_flow water_leak " +
  "water_level water_pressure water_use weather_warning wind worker.health"
).split(" ");
