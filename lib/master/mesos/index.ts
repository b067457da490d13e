export { reasonName, reasonNumber, sourceName, taskStateName, taskStateNumber } from './names.js';
export { mesosResources, resourcesOf } from './resources.js';
